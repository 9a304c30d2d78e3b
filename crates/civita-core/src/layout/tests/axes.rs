use super::*;

#[test]
fn negative_axes_count_from_the_end() {
    assert_eq!(normalize_axis("sum", -1, 3).unwrap(), 2);
    assert_eq!(normalize_axis("sum", -3, 3).unwrap(), 0);
    assert_eq!(normalize_axes("sum", &[-1, 0], 3).unwrap()[..], [2, 0]);
    assert_eq!(Axes::List(&[-1, 0]).resolve("sum", 3).unwrap()[..], [0, 2]);
    assert_eq!(Axes::All.resolve("sum", 3).unwrap()[..], [0, 1, 2]);
    assert_eq!(Axes::List(&[]).resolve("sum", 3).unwrap()[..], []);
}

#[test]
fn an_axis_that_is_not_there_is_refused_in_numpys_words() {
    let text = |axis, rank| normalize_axis("sum", axis, rank).unwrap_err().to_string();
    assert_eq!(
        text(3, 2),
        "sum: axis 3 is out of bounds for a tensor with 2 axes\n  rule: axes go from -2 to 1; -1 is the last"
    );
    assert_eq!(
        text(-2, 1),
        "sum: axis -2 is out of bounds for a tensor with 1 axis\n  rule: axes go from -1 to 0; -1 is the last"
    );
    assert_eq!(
        text(0, 0),
        "sum: axis 0 is out of bounds for a tensor with 0 axes\n  rule: a scalar (rank 0) has no axis"
    );
    for axis in [isize::MIN, isize::MAX] {
        assert!(normalize_axis("sum", axis, 6).unwrap_err().is_axis());
    }
}

#[test]
fn an_axis_named_twice_is_refused() {
    let text = |axes: &[isize]| normalize_axes("sum", axes, 3).unwrap_err().to_string();
    assert!(text(&[1, 1]).starts_with("sum: axis 1 is named twice in [1, 1]\n"));
    assert!(text(&[1, 0, -2]).starts_with("sum: 1 and -2 in [1, 0, -2] are the same axis\n"));
}

#[test]
fn reduced_axes_go_or_stay_with_length_1() {
    assert_eq!(reduced_shape(&[2, 3, 4], &[0, 2], KeepDims::No)[..], [3]);
    assert_eq!(
        reduced_shape(&[2, 3, 4], &[0, 2], KeepDims::Yes)[..],
        [1, 3, 1]
    );
    assert_eq!(reduced_shape(&[], &[], KeepDims::Yes)[..], []);
}
