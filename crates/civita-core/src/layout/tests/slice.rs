use super::*;

/// What Python's `range(n)[start:stop:step]` gives, by walking it.
fn python_slice(n: usize, start: Option<isize>, stop: Option<isize>, step: isize) -> Vec<usize> {
    let (n, step) = (n as i128, step as i128);
    let from_end = |end: isize| end as i128 + if end < 0 { n } else { 0 };
    let start = start.map(from_end);
    let stop = stop.map(from_end);
    let mut out = Vec::new();
    if step > 0 {
        let mut at = start.unwrap_or(0).max(0);
        while at < stop.unwrap_or(n).min(n) {
            out.push(at as usize);
            at += step;
        }
    } else {
        let mut at = start.unwrap_or(n - 1).min(n - 1);
        while at > stop.unwrap_or(-1).max(-1) {
            out.push(at as usize);
            at += step;
        }
    }
    out
}

/// Ends of a range: near the axis, far off, and as far as there is.
fn ends() -> impl Strategy<Value = isize> {
    prop_oneof![8 => -7..8isize, 1 => Just(isize::MIN), 1 => Just(isize::MAX), 1 => any::<isize>()]
}

fn items() -> impl Strategy<Value = SliceItem> {
    let range = (prop::option::of(ends()), prop::option::of(ends()), ends())
        .prop_map(|(start, stop, step)| SliceItem::Range { start, stop, step });
    prop_oneof![
        4 => range,
        2 => (-4..4isize).prop_map(SliceItem::Index),
        1 => Just(SliceItem::NewAxis),
        1 => Just(SliceItem::Ellipsis),
    ]
}

/// What each axis contributes: the places taken, and whether the axis stays. `None` when Python would raise.
fn picks(shape: &[usize], items: &[SliceItem]) -> Option<Vec<(Option<Vec<usize>>, bool)>> {
    let named = items
        .iter()
        .filter(|i| !matches!(i, SliceItem::NewAxis | SliceItem::Ellipsis));
    let mut whole = shape.len().checked_sub(named.count())?;
    if items.iter().filter(|i| **i == SliceItem::Ellipsis).count() > 1 {
        return None;
    }
    let mut out = Vec::new();
    let mut axes = shape.iter();
    for item in items.iter().chain(&[SliceItem::Ellipsis]) {
        match *item {
            SliceItem::NewAxis => out.push((None, true)),
            SliceItem::Ellipsis => {
                out.extend(
                    axes.by_ref()
                        .take(whole)
                        .map(|&n| (Some((0..n).collect()), true)),
                );
                whole = 0;
            }
            SliceItem::Index(index) => {
                let n = *axes.next()?;
                let at =
                    (0..n).find(|&k| k as isize == index || k as isize - n as isize == index)?;
                out.push((Some(vec![at]), false));
            }
            SliceItem::Range { step: 0, .. } => return None,
            SliceItem::Range { start, stop, step } => {
                out.push((Some(python_slice(*axes.next()?, start, stop, step)), true));
            }
        }
    }
    Some(out)
}

proptest! {
    #![proptest_config(many_cases())]
    #[test]
    fn slicing_is_pythons((layout, buffer) in layouts(), items in prop::collection::vec(items(), 0..5)) {
        let out = layout.slice(&items);
        let Some(picks) = picks(layout.shape(), &items) else {
            prop_assert!(out.is_err(), "{:?}", out);
            return Ok(());
        };
        let out = out.unwrap();
        assert_valid(&out, buffer);
        let model = Model::of(&layout);
        let shape: Vec<usize> = picks
            .iter()
            .filter(|(_, stays)| *stays)
            .map(|(places, _)| places.as_ref().map_or(1, Vec::len))
            .collect();
        let expected = Model::from_fn(&shape, |index| {
            let mut index = index.iter();
            let mut from = Vec::new();
            for (places, stays) in &picks {
                let i = if *stays { *index.next().unwrap() } else { 0 };
                from.extend(places.as_ref().map(|p| p[i]));
            }
            model.at(&from)
        });
        prop_assert_eq!(Model::of(&out), expected);
    }

    #[test]
    fn select_and_narrow_are_slices(
        (layout, buffer) in layouts(), axis in 0..4usize, start in 0..5usize, count in 0..5usize,
    ) {
        if axis >= layout.rank() {
            return Ok(());
        }
        let n = layout.shape()[axis];
        let mut items = vec![SliceItem::ALL; axis];
        items.push(SliceItem::from(start..start + count));
        match layout.narrow(axis as isize, start, count) {
            Ok(out) => {
                assert_valid(&out, buffer);
                prop_assert_eq!(out, layout.slice(&items).unwrap());
            }
            Err(error) => prop_assert!(error.is_index() && start + count > n),
        }
        items[axis] = SliceItem::from(start);
        match layout.select(axis as isize, start as isize) {
            Ok(out) => {
                assert_valid(&out, buffer);
                prop_assert_eq!(out, layout.slice(&items).unwrap());
            }
            Err(error) => prop_assert!(error.is_index() && start >= n),
        }
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges)] // Python counts negative ends from the end
fn rust_ranges_become_python_slices() {
    let range = |start, stop| SliceItem::Range {
        start,
        stop,
        step: 1,
    };
    assert_eq!(SliceItem::from(..), SliceItem::ALL);
    assert_eq!(SliceItem::from(3), SliceItem::Index(3));
    assert_eq!(SliceItem::from(1..-1), range(Some(1), Some(-1)));
    assert_eq!(SliceItem::from(2usize..), range(Some(2), None));
    assert_eq!(SliceItem::from(..-2isize), range(None, Some(-2)));
    assert_eq!(SliceItem::from(1..=3), range(Some(1), Some(4)));
    assert_eq!(SliceItem::from(1..=-1), range(Some(1), None));
    assert_eq!(SliceItem::from(..=-2), range(None, Some(-1)));
    assert_eq!(SliceItem::from(..=usize::MAX), range(None, None));
    assert_eq!(SliceItem::from(usize::MAX), SliceItem::Index(isize::MAX));
    assert_eq!(
        SliceItem::from(5..0).step_by(-2),
        SliceItem::Range {
            start: Some(5),
            stop: Some(0),
            step: -2
        }
    );
    assert_eq!(SliceItem::NewAxis.step_by(2), SliceItem::NewAxis);
}

#[test]
fn wrong_indices_are_refused_with_axis_index_and_length() {
    let a = Layout::contiguous(&[2, 3]).unwrap();
    let text = |items: &[SliceItem]| a.slice(items).unwrap_err().to_string();
    assert_eq!(
        text(&[SliceItem::ALL, 3.into()]),
        "slice: index 3 is out of bounds for axis 1 with size 3\n  rule: indices go from -3 to 2; -1 is the last element"
    );
    assert_eq!(
        text(&[0.into(), 0.into(), 0.into()]),
        "slice: too many indices: shape (2, 3) has 2 axes, but 3 were indexed\n  rule: each axis may be indexed once; a \
         new axis and the ellipsis do not count"
    );
    assert_eq!(
        text(&[SliceItem::Ellipsis, SliceItem::Ellipsis]),
        "slice: the index has 2 ellipses\n  rule: an index can only have a single ellipsis"
    );
    assert_eq!(
        text(&[SliceItem::ALL.step_by(0)]),
        "slice: the step of axis 0 is 0\n  rule: a slice step cannot be zero"
    );
    assert!(
        a.select(0, isize::MIN)
            .unwrap_err()
            .to_string()
            .starts_with("select: index -92233")
    );
    assert!(a.narrow(1, 2, usize::MAX).unwrap_err().is_index());
}
