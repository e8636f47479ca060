package org.pydl4j.schedules;

import java.util.List;
import org.nd4j.linalg.schedule.ISchedule;

/** A learning-rate schedule of Keras's whose formula ND4J does not have. It counts steps from 0, and no epochs. */
public abstract class KerasSchedule implements ISchedule {
    /** The learning rate of a step. */
    abstract double at(double step);

    /** All settings: what two equal schedules have in common. */
    abstract List<Object> settings();

    @Override
    public double valueAt(int iteration, int epoch) {
        return at(iteration);
    }

    @Override
    public ISchedule clone() {
        return this; // it never changes
    }

    @Override
    public boolean equals(Object other) {
        return other != null
                && other.getClass() == getClass()
                && ((KerasSchedule) other).settings().equals(settings());
    }

    @Override
    public int hashCode() {
        return settings().hashCode();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + settings();
    }
}
