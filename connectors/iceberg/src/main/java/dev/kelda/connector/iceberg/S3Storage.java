package dev.kelda.connector.iceberg;

import java.net.URI;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.aws.s3.S3FileIO;
import org.apache.iceberg.aws.s3.S3FileIOAwsClientFactory;
import org.apache.iceberg.aws.s3.S3FileIOProperties;
import org.apache.iceberg.io.SupportsPrefixOperations;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Opens S3 buckets with the options that the native engine has for them. */
final class S3Storage {
  private S3Storage() {}

  /**
   * @param storage by URL prefix; the longest that fits the bucket counts
   */
  static SupportsPrefixOperations open(String bucket, Map<String, Map<String, String>> storage) {
    String url = "s3://" + bucket + "/";
    Map<String, String> options = new HashMap<>();
    storage.entrySet().stream()
        .filter(entry -> fits(url, entry.getKey()))
        .max(Comparator.comparingInt(entry -> entry.getKey().length()))
        .ifPresent(entry -> entry.getValue().forEach((k, v) -> options.put(plain(k), v)));
    S3FileIO io = new S3FileIO(() -> client(options));
    io.initialize(Map.of(S3FileIOProperties.CLIENT_FACTORY, NoFactory.class.getName()));
    return io;
  }

  /**
   * Keeps Iceberg from loading its default factory, which needs the SDKs of every Amazon service.
   * Never asked, because the client is given.
   */
  public static final class NoFactory implements S3FileIOAwsClientFactory {
    private static final long serialVersionUID = 1;

    @Override
    public S3Client s3() {
      throw new IllegalStateException("the client is given");
    }

    @Override
    public S3AsyncClient s3Async() {
      throw new IllegalStateException("no asynchronous client is used");
    }

    @Override
    public void initialize(Map<String, String> properties) {}
  }

  private static boolean fits(String url, String prefix) {
    String normal = prefix.replaceFirst("^s3[an]://", "s3://");
    return url.startsWith(normal.endsWith("/") ? normal : normal + "/") || normal.equals("s3://");
  }

  // object_store knows each option with and without "aws_".
  private static String plain(String key) {
    String lower = key.toLowerCase(Locale.ROOT);
    return lower.startsWith("aws_") ? lower.substring("aws_".length()) : lower;
  }

  private static S3Client client(Map<String, String> options) {
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .credentialsProvider(credentials(options))
            // Other stores than Amazon's know no trailing checksums.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .region(Region.of(first(options, "region", "default_region").orElse("us-east-1")))
            .forcePathStyle(
                !Boolean.parseBoolean(
                    first(options, "virtual_hosted_style_request").orElse("false")));
    first(options, "endpoint", "endpoint_url")
        .map(URI::create)
        .ifPresent(builder::endpointOverride);
    return builder.build();
  }

  private static AwsCredentialsProvider credentials(Map<String, String> options) {
    if (Boolean.parseBoolean(first(options, "skip_signature").orElse("false"))) {
      return AnonymousCredentialsProvider.create();
    }
    Optional<String> key = first(options, "access_key_id");
    Optional<String> secret = first(options, "secret_access_key");
    if (key.isEmpty() || secret.isEmpty()) {
      return DefaultCredentialsProvider.builder().build();
    }
    AwsCredentials credentials =
        first(options, "session_token", "token")
            .<AwsCredentials>map(
                token -> AwsSessionCredentials.create(key.get(), secret.get(), token))
            .orElseGet(() -> AwsBasicCredentials.create(key.get(), secret.get()));
    return StaticCredentialsProvider.create(credentials);
  }

  private static Optional<String> first(Map<String, String> options, String... keys) {
    for (String key : keys) {
      if (options.containsKey(key)) {
        return Optional.of(options.get(key));
      }
    }
    return Optional.empty();
  }
}
