/** kelda.toml and command-line options to {@link dev.kelda.server.config.Configuration}. */
package dev.kelda.server.config;
