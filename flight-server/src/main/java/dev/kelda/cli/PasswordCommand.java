package dev.kelda.cli;

import dev.kelda.server.config.PasswordHash;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Prints what stands for a password in kelda.toml. */
@Command(
    name = "password",
    description = "Read a password and print its hash for [[users]] in kelda.toml.",
    mixinStandardHelpOptions = true)
final class PasswordCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException {
    String password = read();
    if (password == null || password.isEmpty()) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "no password given");
    }
    System.out.println(PasswordHash.of(password).text());
    return 0;
  }

  private static String read() throws IOException {
    Console console = System.console();
    if (console != null && console.isTerminal()) {
      char[] typed = console.readPassword("Password: ");
      return typed == null ? null : new String(typed);
    }
    return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
  }
}
