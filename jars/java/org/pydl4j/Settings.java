package org.pydl4j;

import java.util.List;
import java.util.Map;

/** What definitions read of their settings, as JSON has them. */
final class Settings {
    private Settings() {}

    static boolean flag(Map<String, Object> config, String name) {
        return Boolean.TRUE.equals(config.get(name));
    }

    static double number(Map<String, Object> config, String name) {
        return ((Number) config.get(name)).doubleValue();
    }

    static String text(Map<String, Object> config, String name) {
        return (String) config.get(name);
    }

    static int[] integers(Map<String, Object> config, String name) {
        return ((List<?>) config.get(name)).stream().mapToInt(value -> ((Number) value).intValue()).toArray();
    }

    static double[] numbers(Map<String, Object> config, String name) {
        return ((List<?>) config.get(name)).stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray();
    }
}
