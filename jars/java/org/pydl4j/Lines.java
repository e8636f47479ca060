package org.pydl4j;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Hands what is printed to a function, a line at a time and the rest at {@link #rest}; after {@link #close} to the stream
 * that was there before. Each call into Python takes microseconds, so not a character at a time.
 */
public final class Lines extends OutputStream {
    private final OutputStream before;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private Consumer<String> target;

    public Lines(OutputStream before, Consumer<String> target) {
        this.before = before;
        this.target = target;
    }

    @Override
    public synchronized void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        if (target == null) {
            before.write(bytes, offset, length);
            return;
        }
        int lines = offset + length;
        while (lines > offset && bytes[lines - 1] != '\n') {
            lines--;
        }
        line.write(bytes, offset, lines - offset);
        if (lines > offset) {
            rest();
        }
        line.write(bytes, lines, offset + length - lines);
    }

    @Override
    public synchronized void flush() throws IOException {
        if (target == null) {
            before.flush();
        }
    }

    /** Hands over what is there of a line that has not ended. */
    public synchronized void rest() throws IOException {
        if (target != null && line.size() > 0) {
            String text = new String(line.toByteArray(), StandardCharsets.UTF_8);
            line.reset();
            try {
                target.accept(text);
            } catch (RuntimeException error) {
                // What Java's own streams do when nobody can take what they print.
                throw new IOException(error);
            }
        }
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            rest();
        } finally {
            target = null;
        }
    }
}
