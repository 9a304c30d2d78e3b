//! Whatever comes in: an answer or an error, never an overflow (tests run with overflow checks).

use super::*;

fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0..4usize,
        1 => Just(usize::MAX),
        1 => Just(MAX_ELEMENTS),
        1 => Just(isize::MAX as usize),
        1 => (0..64u32).prop_map(|bits| 1usize << bits),
        1 => any::<usize>(),
    ]
}

fn numbers() -> impl Strategy<Value = isize> {
    prop_oneof![
        4 => -4..5isize,
        1 => Just(isize::MIN),
        1 => Just(isize::MAX),
        1 => (0..64u32).prop_map(|bits| 1isize << bits),
        1 => (0..64u32).prop_map(|bits| (1isize << bits).wrapping_neg()),
        1 => any::<isize>(),
    ]
}

fn items() -> impl Strategy<Value = SliceItem> {
    prop_oneof![
        3 => (prop::option::of(numbers()), prop::option::of(numbers()), numbers())
            .prop_map(|(start, stop, step)| SliceItem::Range { start, stop, step }),
        1 => numbers().prop_map(SliceItem::Index),
        1 => Just(SliceItem::NewAxis),
        1 => Just(SliceItem::Ellipsis),
    ]
}

/// Any layout that `from_parts` lets through, with the buffer it was told of.
fn wild_layouts() -> impl Strategy<Value = (Layout, usize)> {
    let axes = prop::collection::vec((lengths(), numbers()), 0..5);
    (axes, lengths(), prop_oneof![lengths(), Just(usize::MAX)]).prop_filter_map(
        "refused",
        |(axes, offset, buffer)| {
            let (shape, strides): (Vec<usize>, Vec<isize>) = axes.into_iter().unzip();
            let layout = Layout::from_parts(&shape, &strides, offset, buffer).ok()?;
            Some((layout, buffer))
        },
    )
}

proptest! {
    #![proptest_config(many_cases())]
    #[test]
    fn from_parts_never_lets_an_index_out_of_the_buffer(
        axes in prop::collection::vec((lengths(), numbers()), 0..5), offset in lengths(), buffer in lengths(),
    ) {
        let (shape, strides): (Vec<usize>, Vec<isize>) = axes.into_iter().unzip();
        if let Ok(layout) = Layout::from_parts(&shape, &strides, offset, buffer) {
            assert_valid(&layout, buffer);
        }
        let _ = Layout::contiguous(&shape).map(|l| assert_valid(&l, l.len()));
    }

    #[test]
    fn every_view_of_a_wild_layout_stays_inside_its_buffer(
        (layout, buffer) in wild_layouts(), numbers in prop::collection::vec(numbers(), 4),
        lengths in prop::collection::vec(lengths(), 4), items in prop::collection::vec(items(), 0..4),
    ) {
        assert_valid(&layout, buffer);
        let [a, b, c, _] = numbers[..] else { unreachable!() };
        let small = |x: isize| x.rem_euclid(layout.rank().max(1) as isize);
        let views = [
            layout.slice(&items),
            layout.permute(&numbers),
            layout.swap_axes(a, b),
            layout.move_axis(small(a), b),
            layout.flip(Axes::List(&[small(a)])),
            layout.flip(Axes::All),
            layout.squeeze(Some(&numbers[..1])),
            layout.squeeze(None),
            layout.expand_dims(&[small(a), small(b)]),
            layout.diagonal(c, small(a), small(b)),
            layout.unfold(small(a), lengths[0], lengths[1]),
            layout.unfold(small(a), 1, lengths[1]),
            layout.select(small(a), b),
            layout.narrow(small(a), lengths[0], lengths[1]),
            layout.broadcast_to(&lengths),
            layout.broadcast_to(&[&lengths[..1], layout.shape()].concat()),
            layout.reshape(&lengths).and_then(|view| view.ok_or_else(|| Error::shape("reshape", "a copy"))),
            layout.reshape(&[layout.len(), 1]).and_then(|view| view.ok_or_else(|| Error::shape("reshape", "a copy"))),
            Ok(layout.transpose()),
        ];
        for view in views.into_iter().flatten() {
            assert_valid(&view, buffer);
            // the state that one view leaves must be good enough for the next
            let turned = view.flip(Axes::All).unwrap();
            assert_valid(&turned, buffer);
            let _ = (view.is_dense(), view.is_fortran_contiguous(), view.has_internal_overlap());
            let _ = (view.overlaps(&layout), turned.overlaps(&view));
            let _ = view.index_of(&lengths);
            let _ = view.indices().take(3).count();
            for order in [Order::Logical, Order::First, Order::All] {
                let walk = Walk::broadcast(view.shape(), [&view, &turned], order).unwrap();
                prop_assert_eq!(walk.len(), view.len());
                let last = walk.len().saturating_sub(2);
                walk.for_each_outer(0, last..walk.len(), |offsets| {
                    assert!(offsets.iter().all(|&o| o >= 0 && (o as usize) < buffer));
                });
            }
        }
        let _ = layout.resolve_shape(&numbers);
        let _ = resolve_shape("reshape", lengths[0], &numbers);
    }

    #[test]
    fn a_walk_over_nonsense_does_not_panic(
        axes in prop::collection::vec((lengths(), numbers(), numbers()), 0..5), offsets: [usize; 2],
        (start, end) in (lengths(), lengths()),
    ) {
        let shape: Vec<usize> = axes.iter().map(|a| a.0).collect();
        let (s, t): (Vec<isize>, Vec<isize>) = axes.iter().map(|a| (a.1, a.2)).unzip();
        for order in [Order::Logical, Order::First, Order::All] {
            let walk = Walk::new(&shape, [&s, &t], offsets, order);
            for inner in 0..3 {
                let start = start.min(walk.outer_len(inner));
                let end = end.min(start.saturating_add(3));
                walk.for_each_outer(inner, start..end, |_| {});
            }
        }
    }

    #[test]
    fn broadcasting_any_shapes_does_not_panic(
        shapes in prop::collection::vec(prop::collection::vec(lengths(), 0..4), 0..4),
    ) {
        let list: Vec<&[usize]> = shapes.iter().map(|s| &s[..]).collect();
        let _ = broadcast_shapes("add", &list);
    }
}
