//! Laws of layouts, against a model that does everything element by element: an n-d array of buffer indices in C order.

mod axes;
mod extent;
mod extremes;
mod reshape;
mod slice;
mod views;
mod walk;

use proptest::prelude::*;

use super::*;

/// The cases are cheap: four times as many as usual.
fn many_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig {
        cases: config.cases.saturating_mul(4),
        ..config
    }
}

/// The elements of a layout, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    shape: Vec<usize>,
    elements: Vec<usize>,
}

impl Model {
    /// By the definition of a layout.
    fn of(layout: &Layout) -> Model {
        Model::from_fn(layout.shape(), |index| {
            let steps = index
                .iter()
                .zip(layout.strides())
                .map(|(&i, &s)| i as i128 * s as i128);
            usize::try_from(layout.offset() as i128 + steps.sum::<i128>()).unwrap()
        })
    }

    fn from_fn(shape: &[usize], element: impl Fn(&[usize]) -> usize) -> Model {
        let elements = every_index(shape)
            .iter()
            .map(|index| element(index))
            .collect();
        Model {
            shape: shape.to_vec(),
            elements,
        }
    }

    fn at(&self, index: &[usize]) -> usize {
        let place = index
            .iter()
            .zip(&self.shape)
            .fold(0, |at, (&i, &n)| at * n + i);
        self.elements[place]
    }
}

/// All indices of `shape` in C order.
fn every_index(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |prefixes, &n| {
        let extend = |p: Vec<usize>| (0..n).map(move |i| [&p[..], &[i]].concat());
        prefixes.into_iter().flat_map(extend).collect()
    })
}

/// Small shapes of rank 0 to 4, with lengths of 0 and 1 among them.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![8 => 1..5usize, 1 => Just(0usize)], 0..5)
}

/// Valid layouts over a buffer, most of them views of views: permuted, flipped, stepped, repeated, windowed.
fn layouts() -> impl Strategy<Value = (Layout, usize)> {
    (
        shapes(),
        0..3usize,
        prop::collection::vec(any::<u64>(), 0..5),
    )
        .prop_map(|(shape, offset, seeds)| {
            let whole = Layout::contiguous(&shape).unwrap();
            let buffer = offset + whole.len();
            let start = Layout::from_parts(whole.shape(), whole.strides(), offset, buffer).unwrap();
            (seeds.into_iter().fold(start, some_view), buffer)
        })
}

/// The view that `seed` stands for, or `layout` itself where that view does not exist.
fn some_view(layout: Layout, seed: u64) -> Layout {
    let mut digits = seed;
    let mut pick = |n: usize| {
        let digit = digits as usize % n.max(1);
        digits /= n.max(1) as u64;
        digit
    };
    let kind = pick(8);
    let rank = layout.rank();
    let (a, b) = (pick(rank) as isize, pick(rank) as isize);
    let n = layout.shape().get(a as usize).copied().unwrap_or(0);
    let view = match kind {
        0 => layout.swap_axes(a, b),
        1 => layout.flip(Axes::List(&[a])),
        2 => layout.move_axis(a, b),
        3 => {
            let (start, stop) = (pick(n + 1) as isize, pick(n + 1) as isize);
            let step = [1, 2, 3, -1, -2, -3][pick(6)];
            let mut items = vec![SliceItem::ALL; a as usize];
            items.push(SliceItem::from(start..stop).step_by(step));
            layout.slice(&items)
        }
        4 => layout.expand_dims(&[a]),
        5 if layout.len() < 100 => layout.broadcast_to(&[&[1 + pick(3)], layout.shape()].concat()),
        6 => layout.unfold(a, pick(n + 1), 1 + pick(2)),
        7 => layout.diagonal(pick(3) as isize - 1, a, b),
        _ => layout.select(a, pick(n) as isize),
    };
    view.unwrap_or(layout)
}

/// Every invariant that the module promises.
fn assert_valid(layout: &Layout, buffer: usize) {
    let Layout {
        shape,
        strides,
        offset,
        len,
        contiguous,
    } = layout;
    assert_eq!(shape.len(), strides.len());
    assert_eq!(checked_len("test", shape).unwrap(), *len, "{layout:?}");
    assert!(strides.iter().all(|&s| s != isize::MIN));
    if *len == 0 {
        assert_eq!((*offset, *contiguous), (0, Flag::Yes));
        assert_eq!(*strides, c_strides(shape));
        return;
    }
    assert_eq!(*contiguous, is_c_order(shape, strides).into());
    let (mut low, mut high) = (*offset as i128, *offset as i128);
    for (&n, &stride) in shape.iter().zip(strides) {
        let reach = (n as i128 - 1) * stride as i128;
        if reach < 0 {
            low += reach
        } else {
            high += reach
        }
    }
    assert!(
        0 <= low && high < buffer as i128,
        "{layout:?} leaves its buffer of {buffer}"
    );
    assert_eq!(layout.span(), Some((low as usize, high as usize)));
}

#[test]
fn contiguous_is_c_order_with_strides_as_numpy_gives_them() {
    let strides = |shape: &[usize]| Layout::contiguous(shape).unwrap().strides().to_vec();
    assert_eq!(strides(&[]), []);
    assert_eq!(strides(&[2, 3, 4]), [12, 4, 1]);
    assert_eq!(strides(&[3, 0]), [1, 1]);
    assert_eq!(strides(&[0, 3]), [3, 1]);
    assert_eq!(strides(&[1, 2, 1, 2, 1, 2, 1]), [8, 4, 4, 2, 2, 1, 1]);
    assert_eq!(Layout::scalar(), Layout::contiguous(&[]).unwrap());
    assert_eq!(Layout::scalar().len(), 1);
}

#[test]
fn a_shape_that_overflows_is_refused_by_name() {
    let error = Layout::contiguous(&[usize::MAX, 2]).unwrap_err();
    assert!(error.is_shape());
    assert_eq!(
        error.to_string(),
        "layout: the shape (18446744073709551615, 2) has more elements than memory has addresses\n  rule: the lengths that are \
         not 0 must multiply to at most 576460752303423487"
    );
    assert!(Layout::contiguous(&[MAX_ELEMENTS + 1]).is_err());
    assert!(Layout::contiguous(&[0, usize::MAX, 2]).is_err());
    assert_eq!(Layout::contiguous(&[MAX_ELEMENTS, 0]).unwrap().len(), 0);
    assert_eq!(
        Layout::contiguous(&[MAX_ELEMENTS, 1]).unwrap().len(),
        MAX_ELEMENTS
    );
}

#[test]
fn a_layout_from_outside_that_leaves_its_buffer_is_refused() {
    assert!(Layout::from_parts(&[2, 3], &[3, 1], 0, 6).is_ok());
    assert!(
        Layout::from_parts(&[2, 3], &[3, 1], 1, 6)
            .unwrap_err()
            .is_index()
    );
    assert!(
        Layout::from_parts(&[2, 3], &[-3, 1], 2, 6)
            .unwrap_err()
            .is_index()
    );
    assert!(Layout::from_parts(&[2, 3], &[-3, 1], 3, 6).is_ok());
    assert!(Layout::from_parts(&[], &[], 0, 0).is_err());
    assert!(Layout::from_parts(&[0], &[7], 9, 0).is_ok());
    assert!(Layout::from_parts(&[2], &[], 0, 9).unwrap_err().is_shape());
    assert_eq!(
        Layout::from_parts(&[4], &[2], 0, 6)
            .unwrap_err()
            .to_string(),
        "layout: shape (4,) with strides [2] and offset 0 reaches the elements 0 to 6 of a buffer of 6\n  rule: every \
         element must lie inside the buffer"
    );
}

proptest! {
    #[test]
    fn indices_are_those_of_the_definition((layout, buffer) in layouts()) {
        assert_valid(&layout, buffer);
        let model = Model::of(&layout);
        prop_assert_eq!(layout.indices().collect::<Vec<_>>(), &model.elements[..]);
        prop_assert_eq!(layout.indices().len(), layout.len());
        for index in every_index(layout.shape()) {
            prop_assert_eq!(layout.index_of(&index), Some(model.at(&index)));
        }
        prop_assert_eq!(layout.index_of(layout.shape()), (layout.rank() == 0).then(|| layout.offset()));
    }
}
