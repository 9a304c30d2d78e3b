use super::*;

/// Shapes of `len` elements, made by taking divisors, with some lengths of 1.
fn factor(mut len: usize, mut seed: u64) -> Vec<usize> {
    let mut out = Vec::new();
    while len > 1 && out.len() < 6 {
        let divisors: Vec<usize> = (1..=len).filter(|d| len.is_multiple_of(*d)).collect();
        let d = divisors[seed as usize % divisors.len()];
        seed /= divisors.len() as u64;
        out.push(d);
        len /= d;
    }
    out.push(len);
    out
}

/// Whether any choice of strides reads `elements` as `shape`. By trying: the strides are what the neighbours say.
fn view_exists(elements: &[usize], shape: &[usize]) -> bool {
    let mut step = 1;
    let mut strides = vec![0; shape.len()];
    for k in (0..shape.len()).rev() {
        if shape[k] > 1 {
            strides[k] = elements[step] as isize - elements[0] as isize;
        }
        step *= shape[k];
    }
    every_index(shape)
        .iter()
        .zip(elements)
        .all(|(index, &element)| {
            let steps: isize = index
                .iter()
                .zip(&strides)
                .map(|(&i, &s)| i as isize * s)
                .sum();
            elements[0] as isize + steps == element as isize
        })
}

proptest! {
    #![proptest_config(many_cases())]
    #[test]
    fn a_reshaped_view_keeps_c_order_and_is_found_when_there_is_one((layout, buffer) in layouts(), seed: u64) {
        let elements = Model::of(&layout).elements;
        let shape = factor(layout.len(), seed);
        match layout.reshape(&shape).unwrap() {
            Some(out) => {
                assert_valid(&out, buffer);
                prop_assert_eq!(Model::of(&out), Model { shape, elements });
            }
            None => prop_assert!(!view_exists(&elements, &shape), "{:?} as {:?}", layout, shape),
        }
        // its own shape, flat and back
        prop_assert!(layout.reshape(layout.shape()).unwrap().is_some());
        if let Some(flat) = layout.reshape(&[layout.len()]).unwrap() {
            let back = flat.reshape(layout.shape()).unwrap().unwrap();
            prop_assert_eq!(Model::of(&back), Model::of(&layout));
        }
    }

    #[test]
    fn the_length_left_over_is_found(shape in shapes(), seed: u64) {
        let layout = Layout::contiguous(&shape).unwrap();
        let mut target: Vec<isize> = factor(layout.len(), seed).iter().map(|&n| n as isize).collect();
        let expected: Vec<usize> = target.iter().map(|&n| n as usize).collect();
        let at = seed as usize % target.len();
        target[at] = -1;
        match layout.resolve_shape(&target) {
            Ok(found) => {
                prop_assert_eq!(&found[..], &expected[..]);
                prop_assert_eq!(resolve_shape("reshape", layout.len(), &target).unwrap(), found);
            }
            Err(error) => prop_assert!(error.is_shape() && target.contains(&0), "{}", error),
        }
    }
}

#[test]
fn shapes_with_minus_1_resolve_as_in_numpy() {
    let ok = |len, shape: &[isize]| resolve_shape("reshape", len, shape).unwrap().to_vec();
    assert_eq!(ok(6, &[-1]), [6]);
    assert_eq!(ok(6, &[2, -1]), [2, 3]);
    assert_eq!(ok(0, &[-1]), [0]);
    assert_eq!(ok(0, &[-1, 3]), [0, 3]);
    assert_eq!(ok(0, &[0, 5]), [0, 5]);
    assert_eq!(ok(1, &[]), []);
    assert_eq!(ok(1, &[-1, 1]), [1, 1]);
    let text = |len, shape: &[isize]| {
        resolve_shape("reshape", len, shape)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        text(6, &[4, -1]),
        "reshape: cannot reshape 6 elements into [4, -1]\n  rule: -1 stands for 6 / 4, which must be a whole number\n  \
         hint: `.reshape([6])` has 6 elements"
    );
    assert_eq!(
        text(0, &[0, -1]),
        "reshape: cannot reshape 0 elements into [0, -1]\n  rule: beside a length of 0 the one that -1 stands for could \
         be anything"
    );
    assert!(text(6, &[-1, -1]).starts_with("reshape: the shape [-1, -1] has more than one -1\n"));
    assert!(text(6, &[-2, 3]).starts_with("reshape: the shape [-2, 3] has the length -2\n"));
    assert!(text(6, &[isize::MAX, 2]).contains("has more elements than memory has addresses"));
    assert!(
        text(6, &[isize::MAX, isize::MAX, -1])
            .contains("has more elements than memory has addresses")
    );
}

#[test]
fn a_reshape_to_another_count_names_both_shapes_and_one_that_fits() {
    let a = Layout::contiguous(&[2, 3]).unwrap();
    let text = "reshape: cannot reshape (2, 3) (6 elements) into (4, 2) (8 elements)\n  rule: a reshape keeps the number \
                of elements\n  hint: `.reshape([3, 2])` has 6 elements";
    assert_eq!(a.reshape(&[4, 2]).unwrap_err().to_string(), text);
    assert_eq!(a.resolve_shape(&[4, 2]).unwrap_err().to_string(), text);
    assert_eq!(
        Layout::scalar().reshape(&[0]).unwrap_err().to_string(),
        "reshape: cannot reshape () (1 element) into (0,) (0 elements)\n  rule: a reshape keeps the number of \
         elements\n  hint: `.reshape([1])` has 1 element"
    );
}
