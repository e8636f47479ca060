package org.pydl4j.layers;

/** One axis of an image in another size: each new number as a sum of the old ones. */
final class Interpolation {
    /** A function of the distance to a pixel's centre, zero from {@code radius} on. */
    private interface Kernel {
        double at(double distance);
    }

    private Interpolation() {}

    /** The weights of the old numbers (columns) in the new ones (rows). */
    static float[][] matrix(String method, int from, int to, boolean antialias) {
        switch (method) {
            case "nearest":
                return nearest(from, to);
            case "bilinear":
                return antialias ? spans(from, to, 1.0, true, d -> 1.0 - d) : bilinear(from, to);
            case "bicubic":
                return antialias ? spans(from, to, 2.0, true, Interpolation::cubic) : bicubic(from, to);
            case "lanczos3":
                return spans(from, to, 3.0, antialias, d -> lanczos(d, 3.0));
            case "lanczos5":
                return spans(from, to, 5.0, antialias, d -> lanczos(d, 5.0));
            default:
                throw new IllegalArgumentException("no interpolation is called " + method);
        }
    }

    private static float[][] nearest(int from, int to) {
        float[][] found = new float[to][from];
        float scale = (float) from / to;
        for (int i = 0; i < to; i++) {
            found[i][Math.min((int) Math.floor((i + 0.5f) * scale), from - 1)] = 1;
        }
        return found;
    }

    private static float[][] bilinear(int from, int to) {
        float[][] found = new float[to][from];
        float scale = (float) from / to;
        for (int i = 0; i < to; i++) {
            float at = (i + 0.5f) * scale - 0.5f;
            float below = (float) Math.floor(at);
            float part = at - below;
            found[i][Math.max((int) below, 0)] += 1 - part;
            found[i][Math.min((int) below + 1, from - 1)] += part;
        }
        return found;
    }

    /** As TensorFlow: with weights at 1024 places between two pixels, and none for pixels outside of the image. */
    private static float[][] bicubic(int from, int to) {
        float[][] found = new float[to][from];
        float scale = (float) from / to;
        for (int i = 0; i < to; i++) {
            float at = (i + 0.5f) * scale - 0.5f;
            long below = (long) Math.floor(at);
            double part = Math.rint((at - below) * 1024) / 1024;
            double sum = 0;
            double[] weights = new double[4];
            for (int j = 0; j < 4; j++) {
                long pixel = below - 1 + j;
                weights[j] = pixel < 0 || pixel >= from ? 0 : cubic(Math.abs(part + 1 - j));
                sum += weights[j];
            }
            for (int j = 0; j < 4; j++) {
                if (weights[j] != 0) {
                    found[i][(int) below - 1 + j] += (float) (weights[j] / sum);
                }
            }
        }
        return found;
    }

    /** As TensorFlow's {@code ScaleAndTranslate}: the pixels that the kernel reaches, with weights that sum to 1. */
    private static float[][] spans(int from, int to, double radius, boolean antialias, Kernel kernel) {
        float[][] found = new float[to][from];
        double inverse = (double) from / to;
        double width = antialias ? Math.max(inverse, 1.0) : 1.0;
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * inverse;
            int begin = Math.max((int) Math.ceil(centre - radius * width - 0.5), 0);
            int end = Math.min((int) Math.floor(centre + radius * width - 0.5), from - 1);
            double sum = 0;
            double[] weights = new double[from];
            for (int j = begin; j <= end; j++) {
                double distance = Math.abs((j + 0.5 - centre) / width);
                weights[j] = distance >= radius ? 0 : kernel.at(distance);
                sum += weights[j];
            }
            for (int j = begin; j <= end; j++) {
                found[i][j] = (float) (weights[j] / sum);
            }
        }
        return found;
    }

    /** Keys's cubic with a = -0.5. */
    private static double cubic(double d) {
        return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
    }

    private static double lanczos(double d, double radius) {
        if (d < 1e-3) {
            return 1;
        }
        double x = Math.PI * d;
        return radius * Math.sin(x) * Math.sin(x / radius) / (x * x);
    }
}
