use super::*;

proptest! {
    #[test]
    fn reordering_axes_reorders_indices((layout, buffer) in layouts(), seed: u64) {
        let model = Model::of(&layout);
        let rank = layout.rank();
        let mut order: Vec<usize> = (0..rank).collect();
        for k in (1..rank).rev() {
            order.swap(k, (seed >> (8 * k)) as usize % (k + 1));
        }
        let signed: Vec<isize> =
            order.iter().map(|&k| if seed >> k & 1 == 1 { k as isize - rank as isize } else { k as isize }).collect();
        let out = layout.permute(&signed).unwrap();
        assert_valid(&out, buffer);
        let shape: Vec<usize> = order.iter().map(|&k| layout.shape()[k]).collect();
        let expected = Model::from_fn(&shape, |index| {
            let mut from = vec![0; rank];
            for (&k, &i) in order.iter().zip(index) {
                from[k] = i;
            }
            model.at(&from)
        });
        prop_assert_eq!(Model::of(&out), expected);

        let turned = layout.transpose();
        assert_valid(&turned, buffer);
        let back: Vec<isize> = (0..rank as isize).rev().collect();
        prop_assert_eq!(&turned, &layout.permute(&back).unwrap());
        prop_assert_eq!(turned.transpose(), layout.clone());
        if rank > 0 {
            let (a, b) = (order[0] as isize, order[rank - 1] as isize);
            prop_assert_eq!(layout.swap_axes(a, b).unwrap().swap_axes(b, a).unwrap(), layout.clone());
            prop_assert_eq!(layout.move_axis(a, b).unwrap().move_axis(b, a).unwrap(), layout);
        }
    }

    #[test]
    fn flipping_reverses((layout, buffer) in layouts(), mask: u8) {
        let axes: Vec<isize> = (0..layout.rank() as isize).filter(|k| mask >> k & 1 == 1).collect();
        let out = layout.flip(Axes::List(&axes)).unwrap();
        assert_valid(&out, buffer);
        let model = Model::of(&layout);
        let expected = Model::from_fn(layout.shape(), |index| {
            let turn = |(k, &i): (usize, &usize)| if mask >> k & 1 == 1 { layout.shape()[k] - 1 - i } else { i };
            model.at(&index.iter().enumerate().map(turn).collect::<Vec<_>>())
        });
        prop_assert_eq!(Model::of(&out), expected);
        prop_assert_eq!(out.flip(Axes::List(&axes)).unwrap(), layout.clone());
        let mut reversed = model.elements;
        reversed.reverse();
        prop_assert_eq!(layout.flip(Axes::All).unwrap().indices().collect::<Vec<_>>(), reversed);
    }

    #[test]
    fn axes_of_length_1_come_and_go((layout, buffer) in layouts(), place in 0..6isize) {
        let place = place % (layout.rank() as isize + 1);
        let wide = layout.expand_dims(&[place]).unwrap();
        assert_valid(&wide, buffer);
        prop_assert_eq!(wide.shape()[place as usize], 1);
        prop_assert_eq!(&Model::of(&wide).elements, &Model::of(&layout).elements);
        prop_assert_eq!(&wide.squeeze(Some(&[place])).unwrap(), &layout);
        let bare = layout.squeeze(None).unwrap();
        prop_assert!(!bare.shape().contains(&1));
        prop_assert_eq!(Model::of(&bare).elements, Model::of(&layout).elements);
    }

    #[test]
    fn a_diagonal_has_equal_indices(
        (layout, buffer) in layouts(), offset in -5..6isize, a in 0..4isize, b in 0..4isize,
    ) {
        let rank = layout.rank();
        if a >= rank as isize || b >= rank as isize || a == b {
            return Ok(());
        }
        let out = layout.diagonal(offset, a, b).unwrap();
        assert_valid(&out, buffer);
        let (a, b) = (a as usize, b as usize);
        let model = Model::of(&layout);
        let on_it = |i: usize, j: usize| j as isize - i as isize == offset;
        let pairs: Vec<(usize, usize)> = every_index(&[layout.shape()[a], layout.shape()[b]])
            .iter().map(|p| (p[0], p[1])).filter(|&(i, j)| on_it(i, j)).collect();
        let mut shape: Vec<usize> =
            (0..rank).filter(|&k| k != a && k != b).map(|k| layout.shape()[k]).collect();
        shape.push(pairs.len());
        let expected = Model::from_fn(&shape, |index| {
            let (last, rest) = index.split_last().unwrap();
            let mut rest = rest.iter();
            let from: Vec<usize> = (0..rank)
                .map(|k| if k == a { pairs[*last].0 } else if k == b { pairs[*last].1 } else { *rest.next().unwrap() })
                .collect();
            model.at(&from)
        });
        prop_assert_eq!(Model::of(&out), expected);
    }

    #[test]
    fn windows_slide((layout, buffer) in layouts(), axis in 0..4usize, size in 0..5usize, step in 1..4usize) {
        if axis >= layout.rank() {
            return Ok(());
        }
        let n = layout.shape()[axis];
        match layout.unfold(axis as isize, size, step) {
            Err(error) => prop_assert!(size > n && error.is_shape()),
            Ok(out) => {
                assert_valid(&out, buffer);
                let model = Model::of(&layout);
                let mut shape = layout.shape().to_vec();
                shape[axis] = (0..).map(|w| w * step).take_while(|start| start + size <= n).count();
                shape.push(size);
                let expected = Model::from_fn(&shape, |index| {
                    let (k, rest) = index.split_last().unwrap();
                    let mut from = rest.to_vec();
                    from[axis] = rest[axis] * step + k;
                    model.at(&from)
                });
                prop_assert_eq!(Model::of(&out), expected);
            }
        }
    }

    #[test]
    fn broadcasting_repeats((layout, buffer) in layouts(), target in shapes()) {
        let fits = target.len() >= layout.rank()
            && layout.shape().iter().rev().zip(target.iter().rev()).all(|(&a, &b)| a == b || a == 1);
        match layout.broadcast_to(&target) {
            Err(error) => prop_assert!(!fits && error.is_shape()),
            Ok(out) => {
                prop_assert!(fits);
                assert_valid(&out, buffer);
                let model = Model::of(&layout);
                let lead = target.len() - layout.rank();
                let expected = Model::from_fn(&target, |index| {
                    let clip = |(&i, &n): (&usize, &usize)| i.min(n - 1);
                    model.at(&index[lead..].iter().zip(layout.shape()).map(clip).collect::<Vec<_>>())
                });
                prop_assert_eq!(Model::of(&out), expected);
            }
        }
    }

    #[test]
    fn shapes_broadcast_as_their_lengths_do(shapes in prop::collection::vec(shapes(), 0..4)) {
        let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
        // each axis by itself: the lengths other than 1 must agree
        let by_axis: Option<Vec<usize>> = (0..rank)
            .map(|axis| {
                let mut lengths: Vec<usize> = shapes
                    .iter()
                    .filter_map(|s| (axis + s.len()).checked_sub(rank).map(|k| s[k]))
                    .filter(|&n| n != 1)
                    .collect();
                lengths.dedup();
                match lengths[..] {
                    [] => Some(1),
                    [n] => Some(n),
                    _ => None,
                }
            })
            .collect();
        let list: Vec<&[usize]> = shapes.iter().map(|s| &s[..]).collect();
        let found = broadcast_shapes("add", &list);
        prop_assert_eq!(found.as_ref().ok().map(|s| s.to_vec()), by_axis.clone());
        if let (Ok(shape), [only_first, ..]) = (&found, &list[..]) {
            let first = Layout::contiguous(only_first).unwrap();
            prop_assert!(first.broadcast_to(shape).is_ok());
        }
    }
}

#[test]
fn shapes_that_do_not_broadcast_are_named_with_the_axis_and_what_would_help() {
    let text = |shapes: &[&[usize]]| broadcast_shapes("add", shapes).unwrap_err().to_string();
    assert_eq!(
        text(&[&[3, 4], &[3]]),
        "add: shapes (3, 4) and (3,) cannot be broadcast: axis -1 has the lengths 4 and 3\n  rule: shapes are compared \
         from the last axis; two lengths fit when they are equal or one is 1\n  hint: if the second operand's axes are \
         meant to lie further left, `.reshape([3, 1])` (or `.expand_dims(-1)`) makes it fit"
    );
    let error = text(&[&[2, 3], &[1], &[2, 4]]);
    assert!(
        error.starts_with("add: shapes (2, 3), (1,) and (2, 4) cannot"),
        "{error}"
    );
    assert!(
        error.contains("hint: insert axes of length 1 with `.expand_dims(axis)`"),
        "{error}"
    );
    let error = text(&[&[MAX_ELEMENTS, 1], &[2]]);
    assert!(
        error.starts_with("add: the shape (576460752303423487, 2) has more"),
        "{error}"
    );

    let a = Layout::contiguous(&[3, 4]).unwrap();
    let error = a.broadcast_to(&[3, 5]).unwrap_err().to_string();
    assert!(
        error.contains("(3, 4) cannot be broadcast to (3, 5): axis -1 has length 4, not 5 or 1"),
        "{error}"
    );
    let error = a.broadcast_to(&[4]).unwrap_err().to_string();
    assert!(
        error.contains("it has 2 axes and the target only 1"),
        "{error}"
    );
}

#[test]
fn wrong_axes_are_refused() {
    let a = Layout::contiguous(&[2, 3, 1]).unwrap();
    assert!(a.permute(&[0, 1]).unwrap_err().is_axis());
    assert!(a.permute(&[0, 1, 1]).unwrap_err().is_axis());
    assert!(a.squeeze(Some(&[0])).unwrap_err().is_shape());
    assert!(a.expand_dims(&[4]).unwrap_err().is_axis());
    assert!(a.expand_dims(&[0, 0]).unwrap_err().is_axis());
    assert!(a.diagonal(0, 1, -2).unwrap_err().is_axis());
    assert!(Layout::scalar().diagonal(0, 0, 1).unwrap_err().is_shape());
    assert!(a.unfold(0, 1, 0).unwrap_err().is_value());
    assert!(a.unfold(0, 3, 1).unwrap_err().is_shape());
    assert_eq!(a.expand_dims(&[0, -1]).unwrap().shape(), [1, 2, 3, 1, 1]);
    assert_eq!(a.move_axis(0, -1).unwrap().shape(), [3, 1, 2]);
}
