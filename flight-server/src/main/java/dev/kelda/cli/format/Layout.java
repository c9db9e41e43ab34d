package dev.kelda.cli.format;

/**
 * How a table fits its place.
 *
 * @param width columns of characters there are
 * @param maxRows rows to show before the middle is left out
 * @param vertical a line per value instead of a row per line
 */
public record Layout(int width, int maxRows, boolean vertical) {}
