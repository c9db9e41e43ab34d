package dev.kelda.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestConfigFile {
  @TempDir Path folder;

  private Configuration read(String toml) throws IOException {
    Path file = Files.writeString(folder.resolve("kelda.toml"), toml);
    return ConfigFile.read(file, Optional.empty(), Map.of("PASSWORD", "secret")::get);
  }

  @Test
  void readsEverySection() throws IOException {
    Configuration read =
        read(
            """
            [server]
            home = "data"
            port = 1234
            http_port = -1
            allow_paths = ["files", "s3://bucket"]
            drain_timeout = "5s"
            [engine]
            memory = "2GiB"
            threads = 3
            [settings]
            time_zone = "Europe/Paris"
            [catalogs.pg]
            type = "jdbc"
            url = "jdbc:postgresql://localhost/x"
            password = "$PASSWORD"
            [storage."s3://bucket"]
            endpoint = "http://localhost:9000"
            [[users]]
            name = "ana"
            password = "%s"
            """
                .formatted(PasswordHash.of("one").text().replace("$", "$")));
    assertThat(read.server().port()).isEqualTo(1234);
    assertThat(read.server().httpPort()).isEqualTo(-1);
    assertThat(read.server().drain()).isEqualTo(Duration.ofSeconds(5));
    assertThat(read.server().users().get("ana").matches("one")).isTrue();
    assertThat(read.server().users().get("ana").matches("two")).isFalse();
    assertThat(read.engine().home()).isEqualTo(folder.resolve("data"));
    assertThat(read.engine().memoryBytes()).isEqualTo(2L << 30);
    assertThat(read.engine().threads()).isEqualTo(3);
    assertThat(read.engine().allowedLocations())
        .containsExactly(folder.resolve("files").toString(), "s3://bucket");
    assertThat(read.engine().catalogs().get("pg").properties())
        .containsEntry("password", "secret")
        .doesNotContainKey("type");
    assertThat(read.engine().stores().get("s3://bucket"))
        .containsEntry("aws_endpoint", "http://localhost:9000");
    assertThat(read.engine().settings()).containsEntry("time_zone", "Europe/Paris");
  }

  @Test
  void anUnknownKeyNamesTheNearest() {
    assertThatThrownBy(() -> read("[server]\nprot = 1"))
        .hasMessageContaining("unknown key 'server.prot'; did you mean 'port'?");
    assertThatThrownBy(() -> read("[storage.\"s3://b\"]\nendpiont = 'x'"))
        .hasMessageContaining("did you mean 'endpoint'?");
    assertThatThrownBy(() -> read("[catalogue]")).hasMessageContaining("unknown key 'catalogue'");
  }

  @Test
  void saysWhatAValueMustBe() {
    assertThatThrownBy(() -> read("[server]\nport = 'x'"))
        .hasMessageContaining("'server.port' must be an integer from 0 to 65535");
    assertThatThrownBy(() -> read("[engine]\nmemory = 'much'"))
        .hasMessageContaining("'engine.memory' must be a number of bytes");
    assertThatThrownBy(() -> read("[catalogs.x]\npassword = '$NONE'\ntype='jdbc'"))
        .hasMessageContaining("environment variable NONE");
    assertThatThrownBy(() -> read("[[users]]\nname = 'a'\npassword = 'plain'"))
        .hasMessageContaining("kelda password")
        .hasMessageNotContaining("plain");
    assertThatThrownBy(() -> read("[server\n")).hasMessageContaining("kelda.toml");
  }
}
