use super::*;

fn arrow(error: ArrowError) -> DataFusionError {
    DataFusionError::ArrowError(Box::new(error), None)
}

#[track_caller]
fn check(error: DataFusionError, code: &str, message: &str) {
    assert_eq!(Failure::from(&error), Failure::new(code, message));
}

#[test]
fn own_failures_survive_every_wrapper() {
    let own = failure(NUMBER_OUT_OF_RANGE, "300 does not fit TINYINT");
    let wrapped = DataFusionError::Shared(std::sync::Arc::new(arrow(ArrowError::ExternalError(
        Box::new(DataFusionError::Context("outer".into(), Box::new(own))),
    ))));
    check(wrapped, NUMBER_OUT_OF_RANGE, "300 does not fit TINYINT");
}

#[test]
fn framed_text_is_found_behind_prefixes() {
    let text = format!("C Data interface error: EIO: {}", failure_text());
    let back = Failure::from(&ArrowError::CDataInterface(text));
    assert_eq!(back, Failure::new("REMOTE_SOURCE_ERROR", "no route"));
}

fn failure_text() -> String {
    Failure::new("REMOTE_SOURCE_ERROR", "no route").encode()
}

#[test]
fn arithmetic() {
    check(
        arrow(ArrowError::DivideByZero),
        DIVISION_BY_ZERO,
        "division by zero",
    );
    check(
        arrow(ArrowError::ArithmeticOverflow(
            "Overflow happened on: 1 + 2".into(),
        )),
        NUMBER_OUT_OF_RANGE,
        "Overflow happened on: 1 + 2",
    );
    check(
        arrow(ArrowError::InvalidArgumentError(
            "12345 is too large to store in a Decimal128 of precision 4. Max is 9999".into(),
        )),
        NUMBER_OUT_OF_RANGE,
        "12345 is too large to store in a Decimal128 of precision 4. Max is 9999",
    );
}

#[test]
fn casts() {
    check(
        arrow(ArrowError::CastError(
            "Cannot cast string 'x' to value of Int32 type".into(),
        )),
        INVALID_CAST,
        "Cannot cast string 'x' to value of INTEGER type",
    );
    check(
        arrow(ArrowError::CastError(
            "Can't cast value 300 to type Int8".into(),
        )),
        NUMBER_OUT_OF_RANGE,
        "Can't cast value 300 to type TINYINT",
    );
}

#[test]
fn library_talk_is_removed() {
    let text =
        "Execution error: Arrow error: bad thing at src/a/b.rs:12:3 happened\n\nbacktrace: 0: x";
    check(
        DataFusionError::Execution(text.into()),
        INVALID_ARGUMENT,
        "bad thing happened",
    );
    let text =
        "no field named c12 in c3.\nThis issue was likely caused by a bug in DataFusion's code.";
    check(
        DataFusionError::Internal(text.into()),
        INTERNAL_ERROR,
        "no field named column in column",
    );
}

#[test]
fn resources() {
    let text = "Additional allocation failed for ExternalSorter[0] with top memory consumers \
                (across reservations) as:\n  HashJoinInput[0]#4(can spill: false) consumed 10 MB.\nError: x";
    let failure = Failure::from(DataFusionError::ResourcesExhausted(text.into()));
    assert_eq!(failure.code, MEMORY_LIMIT_EXCEEDED);
    assert!(failure.message.contains("HashJoinInput[0]"), "{failure:?}");
}

#[test]
fn stores() {
    let error = object_store::Error::NotFound {
        path: "a/b.parquet".into(),
        source: "gone".into(),
    };
    check(
        DataFusionError::ObjectStore(Box::new(error)),
        FILE_NOT_FOUND,
        "no file \"a/b.parquet\"",
    );
}

#[test]
fn panics() {
    assert_eq!(Failure::panic(&"boom"), Failure::internal("boom"));
}

#[test]
fn signatures_of_urls_are_not_told() {
    for (text, told) in [
        (
            "POST http://a/c?comp=batch&sv=1&sig=a%2Bb/c=&se=2 failed",
            "POST http://a/c?comp=batch&sv=1&sig=***&se=2 failed",
        ),
        (
            "(\"http://a?sig=x\") and ?sig=",
            "(\"http://a?sig=***\") and ?sig=***",
        ),
        ("nothing to hide", "nothing to hide"),
    ] {
        let encoded = Failure::new(STORAGE_ERROR, text).encode();
        assert_eq!(Failure::decode(&encoded).unwrap().message, told);
    }
}
