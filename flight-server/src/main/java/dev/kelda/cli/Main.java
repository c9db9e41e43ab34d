package dev.kelda.cli;

import dev.kelda.server.Version;
import dev.kelda.spi.error.KeldaException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command line's entry. */
@Command(
    name = "kelda",
    description = "A SQL engine for the AI lakehouse.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.VersionProvider.class,
    subcommands = {
      ServerCommand.class,
      SqlCommand.class,
      DemoCommand.class,
      PasswordCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs a command and returns its exit code. */
  static int run(String... arguments) {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              command.getErr().println(message(failure));
              command.getErr().flush();
              return 1;
            })
        .execute(arguments);
  }

  @Override
  public void run() {
    spec.commandLine().usage(System.out);
  }

  private static String message(Exception failure) {
    return failure instanceof KeldaException known
        ? known.describe()
        : "unexpected " + failure.getClass().getSimpleName() + ": " + failure.getMessage();
  }

  /** {@code kelda 0.1.0}. */
  static final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"kelda " + Version.CURRENT};
    }
  }
}
