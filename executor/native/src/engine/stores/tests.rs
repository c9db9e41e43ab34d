//! Which client serves which path, without asking any store.

use super::*;
use object_store::path::Path;

fn stores(configured: &[(&str, &[(&str, &str)])]) -> Stores {
    let configured: Vec<proto::ObjectStore> = configured
        .iter()
        .map(|(prefix, options)| proto::ObjectStore {
            prefix: (*prefix).to_owned(),
            options: options_of(options),
        })
        .collect();
    Stores::new(&configured)
}

fn options_of(options: &[(&str, &str)]) -> Options {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    options.iter().map(owned).collect()
}

fn message(stores: &Stores, url: &str) -> String {
    let url = Url::parse(url).unwrap();
    stores.get_store(&url).unwrap_err().to_string()
}

#[test]
fn every_scheme_of_a_bucket_is_one_store() {
    let stores = stores(&[]);
    for (one, other) in [
        ("s3://b/x", "s3a://b/y"),
        (
            "abfss://c@a.dfs.core.windows.net/x",
            "wasbs://c@a.blob.core.windows.net/y",
        ),
        ("gs://b/x", "gs://b/y"),
    ] {
        let one = stores.get_store(&Url::parse(one).unwrap()).unwrap();
        let other = stores.get_store(&Url::parse(other).unwrap()).unwrap();
        assert!(Arc::ptr_eq(&one, &other));
    }
    let [one, other] = [
        "abfss://c@a.dfs.core.windows.net/",
        "abfss://d@a.dfs.core.windows.net/",
    ]
    .map(|url| stores.get_store(&Url::parse(url).unwrap()).unwrap());
    assert!(
        !Arc::ptr_eq(&one, &other),
        "containers are stores of their own"
    );
}

#[test]
fn the_longest_configured_prefix_counts() {
    let stores = stores(&[
        ("s3://", &[("aws_region", "every")]),
        ("s3a://b/", &[("aws_region", "b")]),
        ("gs://g", &[("google_nonsense", "x")]),
    ]);
    assert_eq!(stores.options("s3://b")["aws_region"], "b");
    assert_eq!(stores.options("s3://bb")["aws_region"], "every");
    assert!(stores.options("gs://gg").is_empty());
    assert!(message(&stores, "gs://g/x").contains("google_nonsense"));
    assert!(message(&stores, "ftp://g/x").contains("NOT_SUPPORTED"));
    assert!(message(&stores, "abfss://container/x").contains("CONTAINER@ACCOUNT"));
}

#[test]
fn lent_options_serve_their_prefix_alone() {
    let stores = stores(&[(
        "s3://b",
        &[
            ("aws_endpoint", "http://127.0.0.1:1"),
            ("aws_region", "own"),
        ],
    )]);
    let keys = [("aws_access_key_id", "k"), ("aws_secret_access_key", "s")];
    let lend = |prefix: &str, region: &str| {
        let options = options_of(&[keys[0], keys[1], ("region", region)]);
        stores.lend(prefix, &options, None).unwrap();
    };
    lend("s3://b/t", "t");
    lend("s3a://b/t/part/", "part");
    lend("s3://b/t/part/", "renewed");
    let bucket = stores.bucket(&Url::parse("s3://b/").unwrap()).unwrap();
    let served = |path: &str| {
        let client = bucket.client(&Path::from(path));
        format!("{client:?}")
    };
    assert!(served("t/data/x").contains(r#"region: "t""#));
    assert!(served("t/part/x").contains(r#"region: "renewed""#));
    for other in ["tt/x", "x", ""] {
        assert!(served(other).contains(r#"region: "own""#), "{other}");
    }
}

#[test]
fn what_has_run_out_is_forgotten() {
    let stores = stores(&[]);
    let options = options_of(&[("google_token", "t")]);
    let past = Some(SystemTime::UNIX_EPOCH);
    stores.lend("gs://b/old", &options, past).unwrap();
    stores.lend("gs://b/new", &options, None).unwrap();
    let bucket = stores.bucket(&Url::parse("gs://b/").unwrap()).unwrap();
    assert!(!bucket.has("/old", &options, past));
    assert!(bucket.has("/new", &options, None));
    let wrong = stores.lend("nowhere", &options, None).unwrap_err();
    assert!(wrong.encode().contains("CATALOG_ERROR"));
}
