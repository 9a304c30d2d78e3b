use super::*;

const ORDERS: [Order; 3] = [Order::Logical, Order::First, Order::All];

/// Three layouts of one shape, some of them broadcast.
fn triples() -> impl Strategy<Value = [Layout; 3]> {
    (layouts(), prop::collection::vec(any::<u64>(), 6)).prop_map(|((first, _), seeds)| {
        let shape = first.shape().to_vec();
        let other = |seed: u64, more: u64| {
            // an axis here and there is stretched from length 1; then axes are stored in another order, or turned
            let mut lengths: Vec<usize> = shape.clone();
            for (k, n) in lengths.iter_mut().enumerate() {
                if seed >> k & 3 == 3 && *n > 0 {
                    *n = 1;
                }
            }
            let rank = lengths.len();
            let mut order: Vec<usize> = (0..rank).collect();
            for k in (1..rank).rev() {
                order.swap(k, (more >> (8 * k)) as usize % (k + 1));
            }
            let stored: Vec<usize> = order.iter().map(|&k| lengths[k]).collect();
            let mut back = vec![0isize; rank];
            for (at, &k) in order.iter().enumerate() {
                back[k] = at as isize;
            }
            let mut layout = Layout::contiguous(&stored).unwrap().permute(&back).unwrap();
            for k in 0..rank {
                if seed >> (20 + k) & 3 == 0 {
                    layout = layout.flip(Axes::List(&[k as isize])).unwrap();
                }
            }
            layout.broadcast_to(&shape).unwrap()
        };
        let turned = |l: &Layout| other(seeds[4], seeds[5]).is_dense().then(|| l.clone());
        let (b, c) = (other(seeds[0], seeds[1]), other(seeds[2], seeds[3]));
        match turned(&first) {
            Some(first) => [first, b, c],
            None => [other(seeds[4], seeds[5]), b, c],
        }
    })
}

/// The indices of all operands together, in C order.
fn naive(operands: &[Layout; 3]) -> Vec<[isize; 3]> {
    let models = operands.each_ref().map(|l| Model::of(l).elements);
    (0..operands[0].len())
        .map(|i| models.each_ref().map(|m| m[i] as isize))
        .collect()
}

fn visited(walk: &Walk<3>, inner_axes: usize, splits: &[usize]) -> Vec<[isize; 3]> {
    let outer_axes = walk.shape.len().saturating_sub(inner_axes);
    let inner = every_index(&walk.shape[outer_axes..]);
    let total = walk.outer_len(inner_axes);
    let mut ends: Vec<usize> = splits
        .iter()
        .map(|s| s % (total + 1))
        .chain([0, total])
        .collect();
    ends.sort_unstable();
    let mut out = Vec::new();
    for pair in ends.windows(2) {
        walk.for_each_outer(inner_axes, pair[0]..pair[1], |offsets| {
            for index in &inner {
                let mut at = offsets;
                for (k, at) in at.iter_mut().enumerate() {
                    let strides = &walk.strides[k][outer_axes..];
                    *at += index
                        .iter()
                        .zip(strides)
                        .map(|(&i, &s)| i as isize * s)
                        .sum::<isize>();
                }
                out.push(at);
            }
        });
    }
    out
}

proptest! {
    #![proptest_config(many_cases())]
    #[test]
    fn a_walk_visits_what_nested_loops_visit(
        operands in triples(), splits in prop::collection::vec(any::<u16>().prop_map(usize::from), 0..4),
    ) {
        let mut expected = naive(&operands);
        let shape = operands[0].shape();
        for order in ORDERS {
            let strides = operands.each_ref().map(|l| l.strides());
            let walk = Walk::new(shape, strides, operands.each_ref().map(|l| l.offset()), order);
            prop_assert_eq!(walk.len(), operands[0].len());
            prop_assert_eq!(walk.is_empty(), operands[0].is_empty());
            prop_assert!(!walk.shape.is_empty());
            prop_assert!(walk.shape.len() == 1 || walk.shape.iter().all(|&n| n > 1));
            prop_assert_eq!(&walk, &Walk::broadcast(shape, operands.each_ref(), order).unwrap());
            for inner_axes in 0..=walk.shape.len() + 1 {
                let mut found = visited(&walk, inner_axes, &splits);
                if order == Order::Logical {
                    prop_assert_eq!(&found, &naive(&operands));
                }
                found.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(&found, &expected, "{:?} with {} inner axes", walk, inner_axes);
            }
        }
    }

    #[test]
    fn no_two_axes_are_left_that_could_be_one(operands in triples()) {
        for order in ORDERS {
            let walk = Walk::broadcast(operands[0].shape(), operands.each_ref(), order).unwrap();
            for axis in 1..walk.shape.len() {
                let joins = walk.strides.iter().all(|s| s[axis] * walk.shape[axis] as isize == s[axis - 1]);
                prop_assert!(!joins, "{:?}", walk);
            }
            if order != Order::Logical && walk.len() > 1 {
                for axis in 0..walk.shape.len() {
                    let steps = walk.strides.each_ref().map(|s| s[axis]);
                    prop_assert!(steps.iter().any(|&s| s > 0) || steps == [0; 3], "{:?}", walk);
                }
            }
        }
    }

    #[test]
    fn the_first_operand_is_walked_by_its_smallest_steps_innermost(operands in triples()) {
        if !operands[0].is_dense() || operands[0].len() < 2 {
            return Ok(());
        }
        let walk = Walk::broadcast(operands[0].shape(), operands.each_ref(), Order::First).unwrap();
        prop_assert_eq!(walk.strides[0][walk.shape.len() - 1].abs(), 1);
        prop_assert!(walk.strides[0].windows(2).all(|w| w[0].abs() > w[1].abs()));
    }

    #[test]
    fn dense_operands_in_one_order_are_one_run(shape in shapes(), seeds in prop::collection::vec(any::<u64>(), 3)) {
        // transposing and flipping alike must not matter
        let reorder = |l: Layout| seeds.iter().fold(l, |l, &s| some_view(l, s / 8 * 8 + [0, 1, 2][s as usize % 3]));
        let layout = reorder(Layout::contiguous(&shape).unwrap());
        for order in [Order::First, Order::All] {
            let walk = Walk::broadcast(layout.shape(), [&layout, &layout, &layout], order).unwrap();
            prop_assert_eq!(walk.shape.to_vec(), [layout.len()]);
            prop_assert_eq!(walk.inner_strides(), [1; 3]);
            prop_assert_eq!(walk.offsets, [layout.span().map_or(0, |s| s.0 as isize); 3]);
        }
    }

    #[test]
    fn a_new_tensor_in_the_order_of_one_is_walked_with_it_as_one_run((layout, _) in layouts()) {
        let out = Layout::keep_order(layout.shape(), &[&layout]).unwrap();
        assert_valid(&out, out.len());
        prop_assert!(out.is_dense());
        prop_assert!(out.strides().iter().all(|&s| s > 0));
        if layout.is_dense() {
            let upright = layout.strides().iter().all(|&s| s > 0);
            let walk = Walk::broadcast(layout.shape(), [&out, &layout], Order::First).unwrap();
            prop_assert!(!upright || walk.shape.len() == 1, "{:?} {:?}", out, layout);
        }
    }

    #[test]
    fn operands_broadcast_on_the_way_as_their_layouts_would((a, _) in layouts(), (b, _) in layouts()) {
        if let Ok(shape) = broadcast_shapes("add", &[a.shape(), b.shape()]) {
            let (wide_a, wide_b) = (a.broadcast_to(&shape).unwrap(), b.broadcast_to(&shape).unwrap());
            for order in ORDERS {
                let walk = Walk::broadcast(&shape, [&a, &b], order).unwrap();
                let long = Walk::broadcast(&shape, [&wide_a, &wide_b], order).unwrap();
                if !walk.is_empty() {
                    prop_assert_eq!(walk, long);
                }
            }
        }
    }
}

#[test]
fn a_new_tensor_lies_as_its_inputs_do() {
    // NumPy 2.4's strides of `a + b`, in elements
    let c = Layout::contiguous(&[4, 5, 6]).unwrap();
    let like = |inputs: &[&Layout]| {
        Layout::keep_order(&[4, 5, 6], inputs)
            .unwrap()
            .strides()
            .to_vec()
    };
    let stored =
        |shape: &[usize], back: &[isize]| Layout::contiguous(shape).unwrap().permute(back).unwrap();
    let (t, u) = (
        stored(&[6, 5, 4], &[2, 1, 0]),
        stored(&[5, 4, 6], &[1, 0, 2]),
    );
    assert_eq!(like(&[&c, &c]), [30, 6, 1]);
    assert_eq!(like(&[&t, &t]), [1, 4, 20]);
    assert_eq!(like(&[&u, &u]), [6, 24, 1]);
    assert_eq!(like(&[&t, &c]), [30, 6, 1]);
    assert_eq!(like(&[&t, &Layout::scalar()]), [1, 4, 20]);
    assert_eq!(like(&[&t.flip(Axes::All).unwrap()]), [1, 4, 20]);
    assert_eq!(
        like(&[&t.broadcast_to(&[4, 5, 6]).unwrap().narrow(1, 0, 1).unwrap()]),
        [1, 24, 4]
    );
    assert!(
        Layout::keep_order(&[usize::MAX, 2], &[&t])
            .unwrap_err()
            .is_shape()
    );
}

#[test]
fn a_walk_is_as_short_as_it_can_be() {
    let c = Layout::contiguous(&[4, 5, 6]).unwrap();
    let walk = |operands: [&Layout; 2], order| {
        let w = Walk::broadcast(operands[0].shape(), operands, order).unwrap();
        (w.shape.to_vec(), w.strides.map(|s| s.to_vec()), w.offsets)
    };
    // one run
    assert_eq!(
        walk([&c, &c], Order::First),
        (vec![120], [vec![1], vec![1]], [0, 0])
    );
    // a row is repeated: the two outer axes join
    let row = Layout::contiguous(&[6]).unwrap();
    assert_eq!(
        walk([&c, &row], Order::First),
        (vec![20, 6], [vec![6, 1], vec![0, 1]], [0, 0])
    );
    // a sum over the middle axis: 0 steps do not decide
    let sum = Layout::contiguous(&[4, 1, 6])
        .unwrap()
        .broadcast_to(&[4, 5, 6])
        .unwrap();
    let expected = (vec![4, 5, 6], [vec![6, 0, 1], vec![30, 6, 1]], [0, 0]);
    assert_eq!(walk([&sum, &c], Order::First), expected);
    // the output decides, in either order
    let t = c.transpose();
    let expected = (vec![4, 5, 6], [vec![30, 6, 1], vec![1, 4, 20]], [0, 0]);
    let out = Layout::contiguous(&[6, 5, 4]).unwrap().transpose();
    assert_eq!(walk([&c, &out], Order::First), expected);
    // both run backwards
    let back = c.flip(Axes::All).unwrap();
    assert_eq!(
        walk([&back, &back], Order::First),
        (vec![120], [vec![1], vec![1]], [0, 0])
    );
    assert_eq!(
        walk([&back, &back], Order::Logical),
        (vec![120], [vec![-1], vec![-1]], [119, 119])
    );
    assert_eq!(
        walk([&back, &c], Order::First),
        (vec![120], [vec![-1], vec![1]], [119, 0])
    );
    // all vote as NumPy does: 0 against 0 leaves C order
    assert_eq!(
        walk([&t, &t], Order::All),
        (vec![120], [vec![1], vec![1]], [0, 0])
    );
    // one element
    let one = Layout::contiguous(&[1, 1]).unwrap();
    assert_eq!(
        walk([&one, &Layout::scalar()], Order::First),
        (vec![1], [vec![1], vec![1]], [0, 0])
    );
    assert!(
        Walk::broadcast(&[2, 3], [&c], Order::First)
            .unwrap_err()
            .is_shape()
    );
    assert!(
        Walk::broadcast(&[4, 5, 7], [&c], Order::First)
            .unwrap_err()
            .is_shape()
    );
}
