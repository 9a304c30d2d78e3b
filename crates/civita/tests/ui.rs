//! What does not compile, and what the compiler says about it. What does compile is in `programs.rs`.

#[test]
fn refusals_say_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
