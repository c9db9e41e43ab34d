/** What tests of a whole process need inside it; nothing here acts unless a JVM flag says so. */
package dev.kelda.spi.testing;
