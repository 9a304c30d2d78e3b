use super::*;

/// `Σ x[j] exp(∓2πi jk / n)`, term by term.
fn by_definition(x: &[Complex<f64>], direction: Direction) -> Vec<Complex<f64>> {
    let n = x.len() as u64;
    (0..n)
        .map(|k| {
            let term = |(j, x): (usize, &Complex<f64>)| {
                let w: Complex<f64> = root(j as u64 * k, n);
                match direction {
                    Direction::Forward => x * w,
                    Direction::Inverse => x * w.conj(),
                }
            };
            x.iter().enumerate().map(term).sum()
        })
        .collect()
}

fn sample(n: usize) -> Vec<Complex<f64>> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..n).map(|_| Complex::new(next(), next())).collect()
}

fn distance(a: &[Complex<f64>], b: &[Complex<f64>]) -> f64 {
    let norm =
        |x: &mut dyn Iterator<Item = Complex<f64>>| x.map(|z| z.norm_sqr()).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

#[test]
fn every_length_has_its_transform() {
    let lengths = (1..=64).chain([
        97,
        101,
        202,
        211 * 3,
        1009,
        1024,
        2048,
        2310,
        4096,
        37 * 41,
        2 * 137,
        11 * 181,
        2 * 1009,
    ]);
    for n in lengths {
        let x = sample(n);
        for direction in [Direction::Forward, Direction::Inverse] {
            let plan = Plan::<f64>::get(n, direction);
            let mut y = vec![Complex::default(); n];
            let mut scratch = vec![Complex::default(); plan.scratch()];
            plan.run(&x, &mut y, &mut scratch).unwrap();
            let error = distance(&y, &by_definition(&x, direction));
            assert!(error < 1e-14, "{n} {direction:?}: {error:e}");
        }
    }
}

#[test]
fn long_transforms_have_equal_bits_for_any_number_of_threads() {
    for n in [1 << 16, 30030, 10007] {
        let x = sample(n);
        let run = |threads| {
            civita_kernels::threads::with_threads(threads, || {
                let plan = Plan::<f64>::get(n, Direction::Forward);
                let mut y = vec![Complex::default(); n];
                let mut scratch = vec![Complex::default(); plan.scratch()];
                plan.run(&x, &mut y, &mut scratch).unwrap();
                y
            })
        };
        assert!(run(1) == run(2));
    }
}

#[test]
fn plans_are_kept_and_bounded() {
    assert!(Arc::ptr_eq(
        &Plan::<f32>::get(60, Direction::Forward),
        &Plan::<f32>::get(60, Direction::Forward)
    ));
    for n in 1..400 {
        Plan::<f32>::get(n, Direction::Inverse);
    }
    let plans = <f32 as Float>::plans().lock().unwrap();
    assert!(plans.kept.as_ref().unwrap().len() <= MOST_PLANS);
    let bytes: usize = plans.kept.iter().flatten().map(|(_, k)| k.bytes).sum();
    assert_eq!(bytes, plans.bytes);
}
