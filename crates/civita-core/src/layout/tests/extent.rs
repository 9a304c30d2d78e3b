use std::collections::HashSet;

use super::*;

proptest! {
    #![proptest_config(many_cases())]
    #[test]
    fn extent_is_what_the_elements_say((layout, _) in layouts()) {
        let elements = Model::of(&layout).elements;
        let set: HashSet<usize> = elements.iter().copied().collect();
        let (low, high) = (set.iter().min().copied(), set.iter().max().copied());
        prop_assert_eq!(layout.span(), low.zip(high));
        let once = set.len() == elements.len();
        let block = low.zip(high).is_none_or(|(low, high)| high - low + 1 == set.len());
        prop_assert_eq!(layout.is_dense(), once && block, "{:?}", layout);
        prop_assert_eq!(layout.has_internal_overlap(), !once, "{:?}", layout);
        let run = |e: &[usize]| e.windows(2).all(|w| w[1] == w[0] + 1);
        prop_assert_eq!(layout.is_contiguous(), run(&elements));
        prop_assert_eq!(layout.is_fortran_contiguous(), run(&Model::of(&layout.transpose()).elements));
    }

    #[test]
    fn views_overlap_when_they_share_an_element(
        shape in shapes(), a in prop::collection::vec(any::<u64>(), 0..6),
        b in prop::collection::vec(any::<u64>(), 0..6),
    ) {
        let whole = Layout::contiguous(&shape).unwrap();
        let a = a.into_iter().fold(whole.clone(), some_view);
        let b = b.into_iter().fold(whole, some_view);
        let set: HashSet<usize> = a.indices().collect();
        let shared = b.indices().any(|i| set.contains(&i));
        prop_assert_eq!(a.overlaps(&b), shared, "{:?} {:?}", a, b);
        prop_assert_eq!(b.overlaps(&a), shared);
    }

    #[test]
    fn overlap_of_any_strides_is_found(
        shape in prop::collection::vec(1..5usize, 0..4), strides in prop::collection::vec(-9..10isize, 4),
        other in prop::collection::vec(1..5usize, 0..4), steps in prop::collection::vec(-9..10isize, 4),
        at in 0..40usize,
    ) {
        let a = Layout::from_parts(&shape, &strides[..shape.len()], 200, 400).unwrap();
        let b = Layout::from_parts(&other, &steps[..other.len()], 180 + at, 400).unwrap();
        let set: HashSet<usize> = a.indices().collect();
        prop_assert_eq!(a.has_internal_overlap(), set.len() < a.len(), "{:?}", a);
        prop_assert_eq!(a.overlaps(&b), b.indices().any(|i| set.contains(&i)), "{:?} {:?}", a, b);
    }
}

#[test]
fn interleaved_views_of_large_tensors_are_told_apart() {
    let a = Layout::contiguous(&[1000, 1000, 1000]).unwrap();
    let part = |axis: isize, start: usize, step: isize| {
        let mut items = vec![SliceItem::ALL; axis as usize];
        items.push(SliceItem::from(start..).step_by(step));
        a.slice(&items).unwrap()
    };
    for axis in 0..3 {
        assert!(!part(axis, 0, 2).overlaps(&part(axis, 1, 2)));
        assert!(part(axis, 0, 2).overlaps(&part(axis, 1, 3)));
        let (left, right) = (
            a.narrow(axis, 0, 500).unwrap(),
            a.narrow(axis, 500, 500).unwrap(),
        );
        assert!(!left.overlaps(&right));
        assert!(!left.overlaps(&right.flip(Axes::All).unwrap()));
        assert!(left.overlaps(&a.narrow(axis, 499, 2).unwrap()));
    }
    assert!(a.overlaps(&a.transpose()));
}
