//! Twelve programs of a first hour, written from the README and the index of the documentation.

use civita::prelude::*;
use civita::random::Rng;
use civita::{assert_close, c128, concatenate, fft};

/// A line through points by the normal equations.
#[test]
fn least_squares() -> civita::Result<()> {
    let x = Vector::linspace(0.0, 1.0, 50);
    let y = &x * 3.0 - 1.0;
    let a = civita::stack([&x, &Vector::ones(50)], 1)?;
    let (ata, atb) = (a.t().matmul(&a)?, a.t().matmul(&y)?);
    let det = ata[[0, 0]] * ata[[1, 1]] - ata[[0, 1]] * ata[[1, 0]];
    let slope = (atb[0] * ata[[1, 1]] - atb[1] * ata[[0, 1]]) / det;
    let intercept = (atb[1] * ata[[0, 0]] - atb[0] * ata[[1, 0]]) / det;
    assert_close!(tensor![slope, intercept], tensor![3.0, -1.0]);
    Ok(())
}

/// Conway's game of life on a torus: a glider comes back moved by one after four generations.
#[test]
fn game_of_life() -> civita::Result<()> {
    let mut world = Matrix::<i64>::zeros([8, 8]);
    for [i, j] in [[0, 1], [1, 2], [2, 0], [2, 1], [2, 2]] {
        world[[i, j]] = 1;
    }
    let start = world.clone();
    for _ in 0..4 {
        let mut neighbours = world.zeros_like();
        for (di, dj) in [
            (-1, -1),
            (-1, 0),
            (-1, 1),
            (0, -1),
            (0, 1),
            (1, -1),
            (1, 0),
            (1, 1),
        ] {
            neighbours += np::roll(&np::roll(&world, di, 0)?, dj, 1)?;
        }
        let born = neighbours.eq(3)?;
        let stays = neighbours.eq(2)?.logical_and(&world.eq(1)?)?;
        world = born.logical_or(&stays)?.cast();
    }
    assert_eq!(world, np::roll(&np::roll(&start, 1, 0)?, 1, 1)?);
    Ok(())
}

/// π by counting points in a quarter of a circle.
#[test]
fn monte_carlo() -> civita::Result<()> {
    let mut rng = Rng::new(1);
    let points = rng.random([100_000, 2]);
    let inside = points.square().over(1).sum()?.lt(1.0)?;
    let pi = inside.mean() * 4.0;
    assert!((pi.item()? - std::f64::consts::PI).abs() < 0.02);
    Ok(())
}

/// The moving average of a series, three ways.
#[test]
fn moving_average() -> civita::Result<()> {
    let x = tensor![1.0, 2.0, 4.0, 8.0, 16.0];
    let by_windows: Vector<f64> = x.windows(0, 3)?.map(|w| w.mean()).collect();
    let sums = concatenate([tensor![0.0], x.cumsum(0)?], 0)?;
    let by_sums = (sums.slice(s![3..])? - sums.slice(s![..-3])?) / 3.0;
    let by_slices = (x.slice(s![..-2])? + x.slice(s![1..-1])? + x.slice(s![2..])?) / 3.0;
    assert_close!(by_windows, by_sums);
    assert_close!(by_windows, by_slices);
    Ok(())
}

/// k-means of two clusters.
#[test]
fn k_means() -> civita::Result<()> {
    let mut rng = Rng::new(4);
    let near = rng.normal(0.0, 0.1, [50, 2]);
    let far = rng.normal(0.0, 0.1, [50, 2]) + &tensor![3.0, 4.0];
    let points = concatenate([near, far], 0)?;
    let mut centres = points.take([0, 99], 0)?;
    for _ in 0..5 {
        let difference = points.expand_dims(1)? - &centres;
        let distances = difference.square().over(2).sum()?;
        let nearest = distances.over(1).argmin()?;
        centres = (0..2)
            .map(|k| points.select(&nearest.eq(k)?)?.over(0).mean())
            .collect::<civita::Result<_>>()?;
    }
    assert_close!(
        centres,
        tensor![[0.0, 0.0], [3.0, 4.0]],
        relative = 0.05,
        absolute = 0.1
    );
    Ok(())
}

/// The sieve of Eratosthenes, by slices with steps.
#[test]
fn primes() -> civita::Result<()> {
    let n = 100;
    let mut is_prime = Vector::full(n, true);
    is_prime.slice_assign(s![..2], false)?;
    for p in 2..10 {
        if is_prime[p] {
            is_prime.slice_assign(s![p * p..; p as isize], false)?;
        }
    }
    let primes = Vector::<i64>::arange(0..n as i64).select(&is_prime)?;
    assert_eq!((primes.len(), primes.at([-1])?), (25, 97));
    Ok(())
}

/// The largest eigenvalue by power iteration.
#[test]
fn power_iteration() -> civita::Result<()> {
    let a = Matrix::from([[2.0, 1.0], [1.0, 3.0]]);
    let mut v = Vector::<f64>::ones(2);
    for _ in 0..50 {
        v = a.matmul(&v)?;
        v /= &v.square().sum().sqrt();
    }
    let eigenvalue = v.dot(&a.matmul(&v)?)?;
    assert_close!(eigenvalue, Tensor::scalar((5.0 + 5f64.sqrt()) / 2.0));
    Ok(())
}

/// Logistic regression by gradient descent.
#[test]
fn logistic_regression() -> civita::Result<()> {
    let x = tensor![[-2.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [2.0, 1.0]];
    let y = tensor![0.0, 0.0, 1.0, 1.0];
    let mut w = Vector::<f64>::zeros(2).requires_grad();
    for _ in 0..200 {
        let p = 1.0 / (1.0 + (-x.matmul(&w)?).exp());
        let loss = -(&y * p.log() + (1.0 - &y) * (1.0 - &p).log()).mean();
        loss.backward()?;
        let gradient = w.grad().expect("a gradient");
        w = (w.detach() - gradient * 0.5).requires_grad();
    }
    let sure = x.matmul(&w)?.gt(0.0)?.cast::<f64>();
    assert_eq!(sure, y);
    Ok(())
}

/// A tone out of noise, by its spectrum.
#[test]
fn denoise() -> civita::Result<()> {
    let n = 256;
    let t = Vector::<f64>::arange(0.0..n as f64) / n as f64;
    let tone = (&t * (2.0 * std::f64::consts::PI * 12.0)).sin();
    let noisy = &tone + Rng::new(2).normal(0.0, 0.2, n);
    let mut spectrum = fft::rfft(&noisy)?;
    let size = spectrum.abs();
    spectrum.assign_where(&size.lt(size.max() * 0.5)?, c128::new(0.0, 0.0))?;
    let clean = fft::irfft(&spectrum)?;
    assert!((clean - tone).abs().mean() < 0.05);
    Ok(())
}

/// Scores of a class: mean, spread, rank, and who is above the mean.
#[test]
fn scores() -> civita::Result<()> {
    let names = ["Ada", "Carl", "Emmy", "Tullio"];
    let scores = Matrix::try_from(vec![vec![80, 90], vec![70, 60], vec![95, 97], vec![88, 91]])?;
    let each = scores.over(1).mean()?;
    let order: Vec<usize> = np::argsort(&-&each, 0)?.try_to_vec()?;
    let ranking: Vec<&str> = order.iter().map(|&i| names[i]).collect();
    assert_eq!(ranking, ["Emmy", "Tullio", "Ada", "Carl"]);
    let standard = (&scores - scores.over(0).mean()?) / scores.over(0).std()?;
    assert_close!(standard.over(0).mean()?, Vector::<f64>::zeros(2));
    let above: Vec<_> = each
        .iter()
        .zip(names)
        .filter(|(s, _)| *s > 85.0)
        .map(|(_, n)| n)
        .collect();
    assert_eq!(above, ["Emmy", "Tullio"]);
    println!("{:.1}", scores.over(0).mean()?);
    Ok(())
}

/// The Mandelbrot set: how soon each point leaves.
#[test]
fn mandelbrot() -> civita::Result<()> {
    let (x, y) = (
        Vector::linspace(-2.0, 0.5, 26),
        Vector::linspace(-1.0, 1.0, 21),
    );
    let c = x + y.expand_dims(1)? * c128::new(0.0, 1.0);
    let mut z = c.zeros_like();
    let mut steps = Matrix::<i64>::zeros([21, 26]);
    for _ in 0..50 {
        let inside = z.abs().le(2.0)?;
        steps += inside.cast::<i64>();
        z = inside.choose(&(&z * &z + &c), &z)?;
    }
    assert_eq!((steps[[10, 20]], steps[[0, 0]]), (50, 1));
    let picture: Vec<String> = steps
        .rows()
        .map(|row| {
            row.iter()
                .map(|n| if n == 50 { '*' } else { ' ' })
                .collect()
        })
        .collect();
    assert!(picture[10].contains("****"));
    Ok(())
}

/// Words counted, most frequent first.
#[test]
fn counts() -> civita::Result<()> {
    let text = "to be or not to be that is the question to be";
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_unstable();
    words.dedup();
    let places = text
        .split(' ')
        .map(|w| words.binary_search(&w).expect("a word"));
    let counts = np::bincount(&Vector::from_indices(places), words.len())?;
    let best = counts.argmax().item()? as usize;
    assert_eq!(
        (words[best], counts[best], counts.sum().item()?),
        ("be", 3, 12)
    );
    assert_eq!(counts.max(), 3);
    Ok(())
}

/// Adam over parameters of any shape and element type.
#[test]
fn an_optimizer_of_any_parameters() -> civita::Result<()> {
    let parameters: Vec<AnyTensor> = vec![
        Matrix::<f32>::ones([2, 3]).into(),
        tensor![1.0, 2.0].into(),
        Tensor::scalar(3i64).into(),
    ];
    let zeros: Vec<AnyTensor> = parameters.iter().map(|p| p.zeros_like()).collect();
    let ones: Vec<AnyTensor> = parameters.iter().map(np::ones_like).collect();
    let twos: Vec<AnyTensor> = parameters.iter().map(|p| p.full_like(2)).collect();
    for (i, p) in parameters.iter().enumerate() {
        for like in [&zeros[i], &ones[i], &twos[i], &np::full_like(p, 5)] {
            assert_eq!((like.shape(), like.dtype()), (p.shape(), p.dtype()));
        }
    }
    let first: Matrix<f32> = (&zeros[0]).try_into()?;
    assert_eq!(first, Matrix::zeros([2, 3]));
    assert_eq!(Vector::<f64>::try_from(twos[1].clone())?, [2.0, 2.0]);
    assert!(Vector::<f32>::try_from(&twos[1]).is_err());
    assert!(Matrix::<f64>::try_from(&twos[1]).is_err());
    assert_eq!(parameters[1].full_like(0.5).to_string(), "[0.5 0.5]");
    let error = civita::catch(|| parameters[2].full_like(0.5)).unwrap_err();
    assert!(error.to_string().contains("does not fit into int64"));
    let number: Tensor<i64, DYN> = (&ones[2]).try_into()?;
    assert_eq!(number.item()?, 1);
    Ok(())
}

/// One draw has no axis of its own.
#[test]
fn single_draws() -> civita::Result<()> {
    let mut rng = random::default_rng(42);
    let place: Tensor<i64, 0> = rng.choice(5, ());
    assert_eq!(place.item()?, 0); // np.random.default_rng(42).choice(5)
    let word: Tensor<f64, 0> = rng.choice_weighted(&tensor![0.5, 1.5], (), &tensor![0.0, 1.0]);
    assert_eq!(word.item()?, 1.5);
    let row: Vector<i64> = rng.choice_distinct(&tensor![[1, 2], [1, 2]], ());
    assert_eq!(row, [1, 2]);
    assert_eq!(rng.choice(5, (3,)).shape(), [3]);
    assert_eq!(rng.choice(5, (1, 2, 3, 4)).shape(), [1, 2, 3, 4]);
    Ok(())
}

/// What surrounds each pixel: medians and box blurs.
#[test]
fn windows_of_images() -> civita::Result<()> {
    let image = np::arange(20).reshape([4, 5])?;
    let squares: Tensor<i64, 4> = np::sliding_window_view(&image, [3, 2], [0, 1])?;
    assert_eq!(squares.shape(), [2, 4, 3, 2]);
    for [i, j, k, l] in np::ndindex(squares.dims()) {
        assert_eq!(squares[[i, j, k, l]], image[[i + k, j + l]]);
    }
    assert_eq!(np::sliding_window_view(&image, (3, 2), ..)?, squares);
    assert_eq!(np::sliding_window_view(&image, [3, 2], (-2, -1))?, squares);
    // np.lib.stride_tricks.sliding_window_view(np.arange(5), (3, 2), (0, 0))
    let twice: Tensor<i64, 3> = np::sliding_window_view(&np::arange(5), [3, 2], [0, 0])?;
    assert_eq!(twice, [[[0, 1], [1, 2], [2, 3]], [[1, 2], [2, 3], [3, 4]]]);
    let columns: Tensor<i64, 3> = np::sliding_window_view(&image, 4, 0)?;
    assert_eq!((columns.shape(), columns[[0, 2, 3]]), (&[1, 5, 4][..], 17));
    let any: Tensor<i64, DYN> = np::sliding_window_view(&image, vec![2, 2], ..)?;
    assert_eq!(any.shape(), [3, 4, 2, 2]);
    let any: AnyTensor = np::sliding_window_view(&image.into_any(), [2, 2], ..)?;
    assert_eq!(any.shape(), [3, 4, 2, 2]);
    // every element counts once for each window that it is in
    let x = tensor![1.0, 2.0, 3.0, 4.0].requires_grad();
    np::sliding_window_view(&x, 3, 0)?.sum().backward()?;
    assert_eq!(x.grad().unwrap(), [1.0, 2.0, 2.0, 1.0]);
    for wrong in [
        np::sliding_window_view(&x, 5, 0).map(drop),
        np::sliding_window_view(&x, 2, 1).map(drop),
        np::sliding_window_view(&x, [2, 2], 0).map(drop),
        np::sliding_window_view(&x, [2, 2], ..).map(drop),
    ] {
        let text = wrong.unwrap_err().to_string();
        assert!(text.starts_with("sliding_window_view: "), "{text}");
    }
    Ok(())
}
