//! Random numbers by key and counter: as a primitive, and drawn by the host inside of transformations.

use std::sync::Mutex;

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::primitive::Draw;
use civita_core::raw::Raw;
use civita_core::transform::{
    Drawing, Randomness, TensorRng, check_draw, checkpoint, grad, hessian, jacfwd, jacrev, jvp,
    trace, value_and_grad, vmap, vmap_with,
};
use civita_random::{Keyed, KeyedCipher};

const FRONT: &dyn Fn(usize) -> Option<isize> = &|_| Some(0);

/// A function of tensors.
type Map<'a> = &'a dyn Fn(&[Raw]) -> Result<Vec<Raw>>;

fn word(x: u64) -> Raw {
    Raw::scalar(Scalar::Int(x.into()), DType::U64).unwrap()
}

fn numbers(n: usize) -> Raw {
    Raw::from_vec((0..n).map(|i| 0.5 + i as f64).collect(), &[n]).unwrap()
}

fn bits(x: &Raw) -> Vec<u64> {
    let wide = x.cast(DType::F64).unwrap();
    wide.to_vec::<f64>()
        .unwrap()
        .iter()
        .map(|v| v.to_bits())
        .collect()
}

fn normal(rng: &mut Keyed, shape: &[usize]) -> Result<Raw> {
    let n = shape.iter().product();
    Drawing::of_host("normal", rng, Draw::Normal, DType::F64, n)?.numbers(shape)
}

/// A draw of tensors, whose generator is made inside.
fn by_key(key: &Raw, counter: &Raw, n: usize) -> Result<(Raw, Raw)> {
    let mut rng = TensorRng::new(key, counter)?;
    let y = rng
        .next("normal", Draw::Normal, DType::F64, n)?
        .numbers(&[n])?;
    Ok((y, rng.counter().clone()))
}

fn direct(key: u64, counter: u128, n: usize) -> Vec<u64> {
    let mut out = vec![0.0_f64; n];
    Keyed::at(key, counter).normal_at(0, &mut out);
    out.iter().map(|v| v.to_bits()).collect()
}

/// Many generators at once, and no more numbers than a group.
#[test]
fn the_primitive_draws_what_the_generator_draws() {
    for draw in [Draw::Uniform, Draw::Normal] {
        for n in [0, 1, 7, 100, 40_000] {
            let mut rng = TensorRng::new(&word(7), &word(3)).unwrap();
            let mut host = Keyed::at(7, 3);
            for dtype in [DType::F32, DType::F64] {
                let y = rng
                    .next("test", draw, dtype, n)
                    .unwrap()
                    .numbers(&[n])
                    .unwrap();
                let expected = Drawing::of_host("test", &mut host, draw, dtype, n).unwrap();
                assert!(expected.is_plain());
                assert_eq!(bits(&y), bits(&expected.numbers(&[n]).unwrap()));
                assert_eq!(
                    rng.counter().item().unwrap(),
                    Scalar::Int(host.counter as i128)
                );
            }
        }
    }
    assert_eq!(
        bits(&by_key(&word(7), &word(3), 9).unwrap().0),
        direct(7, 3, 9)
    );
    let keys = TensorRng::new(&word(7), &word(0)).unwrap().keys(5).unwrap();
    for (i, key) in keys.to_vec::<u64>().unwrap().into_iter().enumerate() {
        assert_eq!(key, Keyed::new(7).split(i as u64).key);
        let split = TensorRng::new(&word(7), &word(9))
            .unwrap()
            .split(i as u64)
            .unwrap();
        assert_eq!(split.key().item().unwrap(), Scalar::Int(key.into()));
        assert_eq!(split.counter().item().unwrap(), Scalar::Int(0));
    }
}

#[test]
fn both_ciphers_draw_by_place_from_hosts_and_tensors() {
    let cipher = KeyedCipher::Threefry4x32;
    let mut tensors = TensorRng::new(&word(7), &word(3)).unwrap().with(cipher);
    let mut host = Keyed::at(7, 3).with(cipher);
    let expected = normal(&mut host, &[5000]).unwrap();
    let drawing = tensors
        .next("test", Draw::Normal, DType::F64, 5000)
        .unwrap();
    assert_eq!(bits(&drawing.numbers(&[5000]).unwrap()), bits(&expected));
    assert_ne!(bits(&expected), direct(7, 3, 5000));
    // in parts, from any place
    let mut part = [0.0_f64; 37];
    Keyed::at(7, 3).with(cipher).normal_at(1234, &mut part);
    let part: Vec<u64> = part.iter().map(|x| x.to_bits()).collect();
    assert_eq!(part, bits(&expected)[1234..1234 + 37]);
    let keys = tensors.keys(3).unwrap().to_vec::<u64>().unwrap();
    for (i, key) in keys.into_iter().enumerate() {
        let split = host.split(i as u64);
        assert_eq!((key, split.cipher), (split.key, cipher));
        assert_ne!(key, Keyed::new(7).split(i as u64).key);
        assert_eq!(tensors.split(i as u64).unwrap().cipher(), cipher);
    }
}

#[test]
fn vmap_over_keys_and_counters_is_a_loop() {
    let keys = Raw::from_vec::<u64>(vec![5, 6, 7], &[3]).unwrap();
    let counters = Raw::from_vec::<u64>(vec![0, 1 << 40, u64::MAX - 1], &[3]).unwrap();
    let f = |x: &[Raw]| Ok(vec![by_key(&x[0], &x[1], 2000)?.0]);
    let y = vmap(f, &[keys.clone(), counters.clone()], &[Some(0); 2], FRONT).unwrap();
    assert_eq!(y[0].shape(), [3, 2000]);
    let all = bits(&y[0]);
    for (i, (key, counter)) in [(5, 0), (6, 1 << 40), (7, u128::from(u64::MAX - 1))]
        .into_iter()
        .enumerate()
    {
        assert_eq!(all[i * 2000..][..2000], direct(key, counter, 2000));
    }
    // a counter that all share, and a map of maps
    let f = |x: &[Raw]| Ok(vec![by_key(&x[0], &word(4), 3)?.0]);
    let y = vmap(f, std::slice::from_ref(&keys), &[Some(0)], FRONT).unwrap();
    assert_eq!(bits(&y[0])[3..6], direct(6, 4, 3));
    let pairs = |x: &[Raw]| {
        let inner = |c: &[Raw]| Ok(vec![by_key(&x[0], &c[0], 3)?.0]);
        vmap(
            inner,
            &[Raw::from_vec::<u64>(vec![1, 2], &[2])?],
            &[Some(0)],
            FRONT,
        )
    };
    let y = vmap(pairs, &[keys], &[Some(0)], FRONT).unwrap();
    assert_eq!(y[0].shape(), [3, 2, 3]);
    assert_eq!(bits(&y[0])[15..18], direct(7, 2, 3));
}

#[test]
fn different_draws_are_those_of_a_loop() {
    for start in [0, 5, (1 << 70) + 3] {
        let mut rng = Keyed::at(42, start);
        let x = Raw::zeros(&[4, 5], DType::F64).unwrap();
        let f = |x: &[Raw]| Ok(vec![x[0].add(&normal(&mut rng, &[5])?)?]);
        let y = vmap_with(f, &[x], &[Some(0)], FRONT, Randomness::Different).unwrap();
        let mut again = Keyed::at(42, start);
        let rows: Vec<u64> = (0..4)
            .flat_map(|_| bits(&normal(&mut again, &[5]).unwrap()))
            .collect();
        assert_eq!(bits(&y[0]), rows);
        assert_eq!(rng, again);
    }
}

#[test]
fn different_draws_of_nested_maps_are_those_of_nested_loops() {
    let mut rng = Keyed::new(42);
    let x = Raw::zeros(&[2, 3], DType::F64).unwrap();
    let f = |x: &[Raw]| {
        let inner = |x: &[Raw]| Ok(vec![x[0].add(&normal(&mut rng, &[5])?)?]);
        vmap_with(
            inner,
            &[x[0].clone()],
            &[Some(0)],
            FRONT,
            Randomness::Different,
        )
    };
    let y = vmap_with(
        f,
        std::slice::from_ref(&x),
        &[Some(0)],
        FRONT,
        Randomness::Different,
    )
    .unwrap();
    let mut again = Keyed::new(42);
    let loops: Vec<u64> = (0..6)
        .flat_map(|_| bits(&normal(&mut again, &[5]).unwrap()))
        .collect();
    assert_eq!((y[0].shape(), bits(&y[0])), (&[2, 3, 5][..], loops));
    assert_eq!(rng, again);
    // outer the same, inner different
    let f = |x: &[Raw]| {
        let inner = |x: &[Raw]| Ok(vec![x[0].add(&normal(&mut rng, &[5])?)?]);
        vmap_with(
            inner,
            &[x[0].clone()],
            &[Some(0)],
            FRONT,
            Randomness::Different,
        )
    };
    let y = vmap_with(f, &[x], &[Some(0)], FRONT, Randomness::Same).unwrap();
    let once: Vec<u64> = (0..3)
        .flat_map(|_| bits(&normal(&mut again, &[5]).unwrap()))
        .collect();
    assert_eq!(bits(&y[0]), [once.clone(), once].concat());
    assert_eq!(rng, again);
}

#[test]
fn the_same_draw_is_shared_and_an_error_is_the_default() {
    let mut rng = Keyed::new(42);
    let x = Raw::zeros(&[4, 5], DType::F64).unwrap();
    let f = |x: &[Raw]| {
        check_draw("test")?;
        Ok(vec![x[0].clone(), normal(&mut rng, &[5])?])
    };
    let out = |i: usize| (i == 0).then_some(0);
    let y = vmap_with(
        f,
        std::slice::from_ref(&x),
        &[Some(0)],
        &out,
        Randomness::Same,
    )
    .unwrap();
    assert_eq!(bits(&y[1]), direct(42, 0, 5));
    let refused = |randomness, stream: bool| {
        let mut rng = Keyed::new(42);
        let f = |_: &[Raw]| match stream {
            true => check_draw("test").map(|()| Vec::new()),
            false => Ok(vec![normal(&mut rng, &[5])?]),
        };
        let error =
            vmap_with(f, std::slice::from_ref(&x), &[Some(0)], FRONT, randomness).unwrap_err();
        error.to_string()
    };
    for stream in [false, true] {
        assert!(refused(Randomness::Error, stream).contains("is drawn inside `vmap`"));
    }
    assert!(refused(Randomness::Different, true).contains("a generator with a stream"));
    let end = Mutex::new(Keyed::at(1, u128::from(u64::MAX)));
    let f = |_: &[Raw]| Ok(vec![normal(&mut end.lock().unwrap(), &[5])?]);
    let error = vmap_with(f, &[x], &[Some(0)], FRONT, Randomness::Different).unwrap_err();
    assert!(error.to_string().contains("2**64"));
    assert_eq!(end.lock().unwrap().counter, u128::from(u64::MAX));
}

#[test]
fn a_graph_draws_by_its_inputs() {
    let f = |x: &[Raw]| {
        let (noise, next) = by_key(&x[1], &x[2], 3)?;
        Ok(vec![x[0].mul(&noise)?, next])
    };
    let x = numbers(3);
    let graph = trace(f, &[x.clone(), word(42), word(0)]).unwrap();
    let text = graph.to_string();
    assert!(
        text.contains("random[normal, [3], float64] b c 0"),
        "{text}"
    );
    for (key, counter) in [(42, 0), (42, 2), (9, 1 << 50)] {
        let inputs = [x.clone(), word(key), word(counter)];
        let (found, expected) = (graph.run(&inputs).unwrap(), f(&inputs).unwrap());
        assert_eq!(bits(&found[0]), bits(&expected[0]));
        assert_eq!(found[1].item().unwrap(), expected[1].item().unwrap());
    }
    // of a map, and mapped
    let keys = Raw::from_vec::<u64>(vec![5, 6], &[2]).unwrap();
    let mapped = |x: &[Raw]| {
        let f = |k: &[Raw]| Ok(vec![by_key(&k[0], &word(1), 3)?.0]);
        vmap(f, x, &[Some(0)], FRONT)
    };
    let graph = trace(mapped, std::slice::from_ref(&keys)).unwrap();
    assert_eq!(
        bits(&graph.run(std::slice::from_ref(&keys)).unwrap()[0])[3..],
        direct(6, 1, 3)
    );
    let one = trace(|x| Ok(vec![by_key(&x[0], &word(1), 3)?.0]), &[word(0)]).unwrap();
    let y = vmap(|x| one.run(x), &[keys], &[Some(0)], FRONT).unwrap();
    assert_eq!(bits(&y[0])[3..], direct(6, 1, 3));
    // of the host it would be a constant
    let mut rng = Keyed::new(1);
    let error = trace(
        |_| Ok(vec![normal(&mut rng, &[3])?]),
        std::slice::from_ref(&x),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("is drawn inside `trace`"),
        "{error}"
    );
    assert!(trace(|_| check_draw("test").map(|()| Vec::new()), &[x]).is_err());
}

fn noisy(rng: &Mutex<Keyed>) -> impl Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync + '_ {
    move |x: &[Raw]| {
        let noise = normal(&mut rng.lock().unwrap(), &[3])?;
        let more = normal(&mut rng.lock().unwrap(), &[])?;
        Ok(vec![x[0].mul(&x[0])?.mul(&noise)?.mul(&more)?])
    }
}

static SHARED: [Mutex<Keyed>; 4] = [const { Mutex::new(Keyed::new(3)) }; 4];

#[test]
fn a_checkpoint_draws_again_what_it_drew() {
    let x = numbers(3);
    let total = |y: Vec<Raw>| y[0].sum_all().map(|y| vec![y]);
    let plain = |at: usize| move |x: &[Raw]| total(noisy(&SHARED[at])(x)?);
    let kept = |at: usize| {
        move |x: &[Raw]| {
            total(checkpoint(
                noisy(&SHARED[at]),
                &x.iter().collect::<Vec<_>>(),
            )?)
        }
    };
    let restart = || {
        SHARED
            .iter()
            .for_each(|rng| *rng.lock().unwrap() = Keyed::new(3))
    };
    let compare = |name: &str, f: &dyn Fn(Map<'_>) -> Result<Vec<Raw>>, at: usize| {
        restart();
        let expected: Vec<_> = f(&plain(at)).unwrap().iter().map(bits).collect();
        restart();
        let found: Vec<_> = f(&kept(at)).unwrap().iter().map(bits).collect();
        assert_eq!(found, expected, "{name}");
    };
    let inputs = [x.clone()];
    compare("grad", &|f| grad(f, &inputs, &[0]), 0);
    compare("value", &|f| Ok(value_and_grad(f, &inputs, &[0])?.0), 0);
    compare("jvp", &|f| Ok(jvp(f, &inputs, &inputs)?.1), 0);
    compare("jacfwd", &|f| jacfwd(f, &inputs, 0), 0);
    compare("jacrev", &|f| Ok(jacrev(f, &inputs, &[0])?.remove(0)), 0);
    compare("hessian", &|f| Ok(vec![hessian(f, &inputs, 0)?]), 0);
    // a batch of samples that draw different numbers, and the same
    let rows = Raw::from_vec((0..12).map(f64::from).collect(), &[4, 3]).unwrap();
    for randomness in [Randomness::Different, Randomness::Same] {
        compare(
            "vmap of grad",
            &|f| {
                vmap_with(
                    |x| grad(f, x, &[0]),
                    std::slice::from_ref(&rows),
                    &[Some(0)],
                    FRONT,
                    randomness,
                )
            },
            2,
        );
        compare(
            "grad of vmap",
            &|f| {
                let all = |x: &[Raw]| {
                    let y = vmap_with(|x| f(x), x, &[Some(0)], FRONT, randomness)?;
                    Ok(vec![y[0].sum_all()?])
                };
                grad(&all, std::slice::from_ref(&rows), &[0])
            },
            3,
        );
    }
    restart();
    let f = kept(0);
    let error = vmap(|x| f(x), &[rows], &[Some(0)], FRONT).unwrap_err();
    assert!(
        error.to_string().contains("is drawn inside `vmap`"),
        "{error}"
    );
}

#[test]
fn checkpoints_nest_and_take_generators_of_tensors() {
    static RNG: Mutex<Keyed> = Mutex::new(Keyed::new(3));
    let inner = |x: &[Raw]| checkpoint(noisy(&RNG), &x.iter().collect::<Vec<_>>());
    let outer = move |x: &[Raw]| {
        let before = normal(&mut RNG.lock().unwrap(), &[3])?;
        let y = inner(&[x[0].mul(&before)?])?;
        Ok(vec![y[0].mul(&normal(&mut RNG.lock().unwrap(), &[3])?)?])
    };
    let total = |y: Vec<Raw>| y[0].sum_all().map(|y| vec![y]);
    let x = [numbers(3)];
    let expected = grad(&|x| total(outer(x)?), &x, &[0]).unwrap();
    *RNG.lock().unwrap() = Keyed::new(3);
    let found = grad(&|x| total(checkpoint(outer, &[&x[0]])?), &x, &[0]).unwrap();
    assert_eq!(bits(&found[0]), bits(&expected[0]));

    let f = |x: &[Raw]| Ok(vec![x[0].mul(&by_key(&x[1], &x[2], 3)?.0)?.mul(&x[0])?]);
    let all = [numbers(3), word(5), word(6)];
    let expected = grad(&|x| total(f(x)?), &all, &[0]).unwrap();
    let kept = |x: &[Raw]| total(checkpoint(f, &x.iter().collect::<Vec<_>>())?);
    assert_eq!(
        bits(&grad(&kept, &all, &[0]).unwrap()[0]),
        bits(&expected[0])
    );
    let graph = trace(|x| grad(&kept, x, &[0]), &all).unwrap();
    assert_eq!(bits(&graph.run(&all).unwrap()[0]), bits(&expected[0]));
    // a map inside, whose samples have keys
    let mapped = |x: &[Raw]| {
        let one = |x: &[Raw]| Ok(vec![x[0].mul(&by_key(&x[1], &word(0), 1)?.0)?]);
        vmap(one, x, &[Some(0), Some(0)], FRONT)
    };
    let keys = Raw::from_vec::<u64>(vec![5, 6, 7], &[3]).unwrap();
    let all = [numbers(3), keys];
    let expected = grad(&|x| total(mapped(x)?), &all, &[0]).unwrap();
    let found = grad(
        &|x| total(checkpoint(mapped, &x.iter().collect::<Vec<_>>())?),
        &all,
        &[0],
    )
    .unwrap();
    assert_eq!(bits(&found[0]), bits(&expected[0]));

    // what a checkpoint cannot do again is an error
    assert!(checkpoint(|x| check_draw("test").map(|()| x.to_vec()), &[&x[0]]).is_err());
    let rng = Mutex::new(TensorRng::new(&word(5), &word(6)).unwrap());
    let outside = move |_: &[Raw]| {
        let drawing = rng
            .lock()
            .unwrap()
            .next("normal", Draw::Normal, DType::F64, 3)?;
        Ok(vec![drawing.numbers(&[3])?])
    };
    let error = checkpoint(outside, &[&x[0]]).unwrap_err();
    assert!(
        error.to_string().contains("made outside of `checkpoint`"),
        "{error}"
    );
}

#[test]
fn wrong_keys_and_dtypes_are_errors() {
    assert!(TensorRng::new(&numbers(1), &word(0)).is_err());
    assert!(TensorRng::new(&word(0), &Raw::zeros(&[2], DType::U64).unwrap()).is_err());
    let mut rng = TensorRng::new(&word(1), &word(2)).unwrap();
    assert!(rng.next("test", Draw::Uniform, DType::I32, 3).is_err());
    let mut host = Keyed::new(1);
    assert!(Drawing::of_host("test", &mut host, Draw::Keys, DType::F64, 3).is_err());
    assert_eq!(host.counter, 0);
}
