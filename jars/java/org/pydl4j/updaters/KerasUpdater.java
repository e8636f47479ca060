package org.pydl4j.updaters;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * An update rule of Keras's that ND4J does not have: what all of them share.
 *
 * <p>A rule has a learning rate, which may follow a schedule, and state: some arrays ("slots") of the parameters' size,
 * one behind the other in the state view. The first update has iteration 0.
 */
public abstract class KerasUpdater implements IUpdater {
    private double learningRate = 0.001;
    private ISchedule learningRateSchedule;
    /** The layer whose gradients of repeated indices are taken one by one; null where there is none. */
    private String occurrencesOf;
    private transient INDArray occurrences;

    /** How many arrays of state there are. */
    abstract int slots();

    /** What a slot holds before the first update. */
    double initialValue(int slot) {
        return 0.0;
    }

    /** All settings but the learning rate: what two equal updaters have in common. */
    abstract List<Object> settings();

    /**
     * Turns a gradient, in place, into what is taken from the parameters, and brings the state forward.
     *
     * @param rate the learning rate of this update
     */
    abstract void update(INDArray gradient, INDArray[] slots, double rate, int iteration);

    /** What the rule takes of each occurrence of an index: its gradient's square, or its magnitude. */
    public INDArray ofEach(INDArray gradients) {
        return gradients.mul(gradients);
    }

    /** {@link #ofEach} of a gradient; of repeated indices the sum of what it is of each of their gradients. */
    final INDArray ofAll(INDArray gradient) {
        INDArray found = occurrences == null ? ofEach(gradient) : occurrences;
        occurrences = null;
        return found;
    }

    /**
     * For the next update: the sums of {@link #ofEach} over the occurrences of each index, as flat as the gradient.
     * Keras 3 on TensorFlow has the gradient of an embedding as one row for each occurrence, and squares those.
     */
    public void setOccurrences(INDArray sums) {
        occurrences = sums;
    }

    public String getOccurrencesOf() {
        return occurrencesOf;
    }

    public void setOccurrencesOf(String layer) {
        occurrencesOf = layer;
    }

    public double getLearningRate() {
        return learningRate;
    }

    public void setLearningRate(double learningRate) {
        this.learningRate = learningRate;
    }

    public ISchedule getLearningRateSchedule() {
        return learningRateSchedule;
    }

    public void setLearningRateSchedule(ISchedule learningRateSchedule) {
        this.learningRateSchedule = learningRateSchedule;
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return learningRateSchedule == null ? learningRate : learningRateSchedule.valueAt(iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double rate, ISchedule schedule) {
        learningRate = rate;
        learningRateSchedule = schedule;
    }

    @Override
    public long stateSize(long parameters) {
        return slots() * parameters;
    }

    @Override
    public GradientUpdater<KerasUpdater> instantiate(INDArray view, boolean initialize) {
        Running running = new Running(this);
        INDArray flat = view.reshape(view.length());
        running.setStateViewArray(flat, new long[] {flat.length() / slots()}, 'c', initialize);
        return running;
    }

    @Override
    public GradientUpdater<KerasUpdater> instantiate(Map<String, INDArray> state, boolean initialize) {
        Running running = new Running(this);
        running.setState(state, initialize);
        return running;
    }

    @Override
    public KerasUpdater clone() {
        try {
            KerasUpdater copy = (KerasUpdater) super.clone();
            copy.learningRateSchedule = learningRateSchedule == null ? null : learningRateSchedule.clone();
            return copy;
        } catch (CloneNotSupportedException error) {
            throw new IllegalStateException(error);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other != null && other.getClass() == getClass() && ((KerasUpdater) other).all().equals(all());
    }

    @Override
    public int hashCode() {
        return all().hashCode();
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + all();
    }

    private List<Object> all() {
        return Arrays.asList(learningRate, learningRateSchedule, occurrencesOf, settings());
    }

    /** A rule with its state. */
    private static final class Running implements GradientUpdater<KerasUpdater> {
        private final KerasUpdater config;
        private final INDArray[] slots;

        Running(KerasUpdater config) {
            this.config = config;
            slots = new INDArray[config.slots()];
        }

        @Override
        public KerasUpdater getConfig() {
            return config;
        }

        @Override
        public void setState(Map<String, INDArray> state, boolean initialize) {
            for (int slot = 0; slot < slots.length; slot++) {
                slots[slot] = state.get(String.valueOf(slot));
                if (initialize) {
                    slots[slot].assign(config.initialValue(slot));
                }
            }
        }

        @Override
        public Map<String, INDArray> getState() {
            Map<String, INDArray> state = new java.util.LinkedHashMap<>();
            for (int slot = 0; slot < slots.length; slot++) {
                state.put(String.valueOf(slot), slots[slot]);
            }
            return state;
        }

        @Override
        public void setStateViewArray(INDArray view, long[] shape, char order, boolean initialize) {
            INDArray flat = view.reshape(view.length());
            long length = flat.length() / slots.length;
            for (int slot = 0; slot < slots.length; slot++) {
                INDArray part = flat.get(NDArrayIndex.interval(slot * length, (slot + 1) * length));
                if (initialize) {
                    part.assign(config.initialValue(slot));
                }
                slots[slot] = part;
            }
        }

        @Override
        public void applyUpdater(INDArray gradient, int iteration, int epoch) {
            INDArray flat = gradient.reshape(gradient.length());
            config.update(flat, slots, config.getLearningRate(iteration, epoch), iteration);
        }
    }
}
