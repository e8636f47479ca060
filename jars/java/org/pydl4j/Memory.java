package org.pydl4j;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Arrays of ND4J in memory of somebody else's, and where the memory of ND4J's own is. */
public final class Memory {

    private static final int MOVES = 1;
    private static final int CLOSED = 2;

    private static final Set<Owner> OWNERS = ConcurrentHashMap.newKeySet();
    private static final ReferenceQueue<ByteBuffer> GONE = new ReferenceQueue<>();

    private Memory() {}

    /**
     * An array in memory that is there already.
     *
     * @param address of its first number
     * @param length how many numbers there are from its first to its last, with those between them that are not its own
     * @param strides in numbers, none of them negative
     * @param owner has the memory, and is kept as long as the array or a view of it is there
     * @param bytes how many of it there are
     */
    public static INDArray array(
            long address, long length, DataType type, long[] shape, long[] strides, char order, ByteBuffer owner,
            long bytes) {
        forgetThoseGone();
        OWNERS.add(new Owner(owner, bytes));
        DataBuffer buffer = Nd4j.createBuffer(new Foreign(owner, address, length), length, type);
        return Nd4j.create(buffer, shape, strides, 0, order, type);
    }

    /** Collects garbage; how many bytes of somebody else's arrays are still over, whether their owner knows it yet or not. */
    public static long collect() {
        System.gc();
        forgetThoseGone();
        return OWNERS.stream().filter(owner -> owner.get() != null).mapToLong(owner -> owner.bytes).sum();
    }

    private static void forgetThoseGone() {
        for (Object gone = GONE.poll(); gone != null; gone = GONE.poll()) {
            OWNERS.remove(gone);
        }
    }

    /**
     * Another array in the memory of one.
     *
     * @param start how many numbers behind the first one of {@code of} it begins
     */
    public static INDArray view(INDArray of, long start, long[] shape, long[] strides, char order) {
        return Nd4j.create(of.data(), shape, strides, of.offset() + start, order, of.dataType());
    }

    /** Copies numbers from memory of somebody else's into an array in C order. */
    public static void copy(long address, INDArray into) {
        long bytes = into.length() * into.dataType().width();
        Pointer.memcpy(into.data().addressPointer(), new Foreign(address), bytes);
    }

    /** The type of an array, {@code MOVES} or {@code CLOSED} or 0, the address of its first number, its shape and its strides. */
    public static long[] layout(INDArray array) {
        int rank = array.rank();
        long[] layout = new long[3 + 2 * rank];
        layout[0] = array.dataType().ordinal();
        layout[1] = array.wasClosed() ? CLOSED : array.isAttached() ? MOVES : 0;
        if (layout[1] != CLOSED && !array.isEmpty()) {
            layout[2] = array.data().pointer().address() + array.offset() * array.data().getElementSize();
        }
        System.arraycopy(array.shape(), 0, layout, 3, rank);
        System.arraycopy(array.stride(), 0, layout, 3 + rank, rank);
        return layout;
    }

    /** From now on the memory of an array is not given back by {@code close()}, its own or that of one it is a view of. */
    public static void keep(INDArray array) {
        for (DataBuffer buffer = array.data(); buffer != null; buffer = buffer.underlyingDataBuffer()) {
            buffer.setConstant(true);
            if (buffer.underlyingDataBuffer() == buffer) {
                return;
            }
        }
    }

    /** Does not keep what it is about. */
    private static final class Owner extends WeakReference<ByteBuffer> {
        final long bytes;

        Owner(ByteBuffer owner, long bytes) {
            super(owner, GONE);
            this.bytes = bytes;
        }
    }

    /** Points to memory that its owner, a small part of the same, keeps; or that nobody gives back meanwhile. */
    private static final class Foreign extends Pointer {
        Foreign(long address) {
            this.address = address;
        }

        Foreign(ByteBuffer owner, long address, long length) {
            super(owner);
            this.address = address;
            position = 0;
            limit = length;
            capacity = length;
        }
    }
}
