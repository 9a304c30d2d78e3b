//! Numbers that NumPy 2 drew, some of each kind. `python/tests/test_random.py` compares ten thousand of each with NumPy live.

use civita_random::order::{Order, choose_distinct};
use civita_random::*;

/// The beginnings of the files in NumPy's `random/tests/data`, of seeds 0xdeadbeaf and 0.
#[test]
fn raw_streams_are_those_of_numpys_test_vectors() {
    fn assert_stream(mut bits: impl BitGenerator, expected: [u64; 3]) {
        assert_eq!(
            [bits.next_raw(), bits.next_raw(), bits.next_raw()],
            expected
        );
    }
    assert_stream(
        Pcg64::new(0xdeadbeaf_u64),
        [0x60d24054e17a0698, 0xd5e79d89856e4f12, 0xd254972fe64bd782],
    );
    assert_stream(
        Pcg64::new(0x0_u64),
        [0xa30febcfd9c2825f, 0x4510bdf882d9d721, 0xa7d3da94ecde8b8],
    );
    assert_stream(
        Pcg64Dxsm::new(0xdeadbeaf_u64),
        [0xdf1ddcf1e22521fe, 0xc71b2f9c706cf151, 0x6922a8cc24ad96b2],
    );
    assert_stream(
        Pcg64Dxsm::new(0x0_u64),
        [0xd97e4a147f788a70, 0x8dfa7bce56e3a253, 0x13556ed9f53d3c10],
    );
    assert_stream(
        Philox::new(0xdeadbeaf_u64),
        [0xedc95200e2bd66a5, 0x581d4e43b7682352, 0x4be7278f5e373eab],
    );
    assert_stream(
        Philox::new(0x0_u64),
        [0x399e5b222b82fa9, 0x41fd08c1f00f3bc5, 0x78b8824162ee4d04],
    );
    assert_stream(
        Sfc64::new(0xdeadbeaf_u64),
        [0xa475f55fbb6bc638, 0xb2d594b6c29d971c, 0x275bc4ece4484fb1],
    );
    assert_stream(
        Sfc64::new(0x0_u64),
        [0x91959e5fb96a6332, 0x3c1dd8a25a7e9f21, 0x657bdffc99798d9e],
    );
    assert_stream(
        Mt19937::new(0xdeadbeaf_u64),
        [0xc816921f, 0xb3623c6d, 0x5fa391bb],
    );
    assert_stream(Mt19937::new(0x0_u64), [0x7ab4ea94, 0x9b561119, 0x4957d02e]);
}

/// Random123's `kat_vectors` of `threefry4x64 20`; streams from randomgen 2.5, whose `ThreeFry` takes its key from a seed as NumPy's generators do.
#[test]
fn threefry_has_the_known_answers() {
    let largest = u64::MAX;
    let known = [
        (
            [0; 4],
            [0; 4],
            [
                0x09218ebde6c85537,
                0x55941f5266d86105,
                0x4bd25e16282434dc,
                0xee29ec846bd2e40b,
            ],
        ),
        (
            [largest; 4],
            [largest; 4],
            [
                0x29c24097942bba1b,
                0x0371bbfb0f6f4e11,
                0x3c231ffa33f83a1c,
                0xcd29113fde32d168,
            ],
        ),
        (
            [
                0x243f6a8885a308d3,
                0x13198a2e03707344,
                0xa4093822299f31d0,
                0x082efa98ec4e6c89,
            ],
            [
                0x452821e638d01377,
                0xbe5466cf34e90c6c,
                0xbe5466cf34e90c6c,
                0xc0ac29b7c97c50dd,
            ],
            [
                0xa7e8fde591651bd9,
                0xbaafd0c30138319b,
                0x84a5c1a729e685b9,
                0x901d406ccebc1ba4,
            ],
        ),
    ];
    for (counter, key, expected) in known {
        assert_eq!(Threefry4x64::encrypted(counter, key), expected);
        // the generator counts before it encrypts
        let mut bits = Threefry::with_key(key, counter);
        bits.advance([largest; 4]);
        assert_eq!(expected, [(); 4].map(|()| bits.next_u64()));
    }
    let mut bits = Threefry::new(42);
    let drawn = [(); 5].map(|()| bits.next_raw());
    assert_eq!(
        drawn,
        [
            2473921411710000963,
            4922554754268117878,
            4107559696496651179,
            14478890770757813327,
            4698530639258864276,
        ]
    );
    assert_eq!(bits.jumped(1).next_raw(), 5223675918783651506);
    let again = Threefry::from_state(
        bits.key(),
        bits.counter(),
        bits.buffer(),
        bits.position(),
        bits.half(),
    );
    assert_eq!(again, bits);
    assert_eq!(
        Generator::on(again).sample(&StandardNormal {}, 9),
        Generator::on(bits).sample(&StandardNormal {}, 9)
    );
}

#[test]
fn jumps_and_advances_are_numpys() {
    let next = |mut bits: AnyBits| bits.next_raw();
    assert_eq!(next(Pcg64::new(1).jumped(3).into()), 5863065313089933784);
    assert_eq!(
        next(Pcg64Dxsm::new(1).jumped(1).into()),
        12223510504721669520
    );
    assert_eq!(next(Philox::new(1).jumped(2).into()), 10897135557920267753);
    assert_eq!(next(Mt19937::new(1).jumped(1).into()), 1649717886);
    let mut bits = Pcg64::new(1);
    bits.advance(1 << 100);
    assert_eq!(next(bits.clone().into()), 7772989560108038192);
    // back again
    bits.advance((1_u128 << 100).wrapping_neg());
    assert_eq!(bits, Pcg64::new(1));
}

#[test]
fn distributions_are_numpys() {
    fn assert_draws<D: LegacyDistribution>(
        distribution: Result<D>,
        modern: [D::Value; 2],
        legacy: [D::Value; 2],
    ) where
        D::Value: PartialEq + std::fmt::Debug,
    {
        let distribution = distribution.unwrap();
        assert_eq!(Generator::new(1).sample(&distribution, 2), modern);
        assert_eq!(RandomState::seed(1).sample(&distribution, 2), legacy);
    }
    assert_draws(
        Beta::new(0.5, 0.5),
        [0.02257151395704615, 0.35174865911973874],
        [0.25103016220472346, 1.4311688849061378e-07],
    );
    assert_draws(
        Beta::new(2.0, 3.0),
        [0.39905349040213767, 0.6244479449096443],
        [0.7272810091242561, 0.45804011589290744],
    );
    assert_draws(
        ChiSquare::new(3.0),
        [3.1623299118042008, 3.1224257822120935],
        [7.8952381420326745, 1.2455846702395579],
    );
    assert_draws(
        Exponential::new(2.0),
        [2.1460580527450777, 0.6169062882505687],
        [1.0792116745183709, 2.5482505060266085],
    );
    assert_draws(
        F::new(5.0, 20.0),
        [1.012481741004476, 1.874175288330799],
        [2.8123319346454774, 0.8827246957920919],
    );
    assert_draws(
        Gamma::new(0.5, 2.0),
        [0.5242134925172599, 0.3584105647994614],
        [0.3478147048123073, 2.616319768535236e-08],
    );
    assert_draws(
        Gamma::new(2.5, 2.0),
        [5.43240158117524, 5.3807218551737614],
        [11.08995290710804, 2.7703470747159855],
    );
    assert_draws(
        Gumbel::new(1.0, 2.0),
        [1.6651513094023096, -1.2005880612690638],
        [2.233832673909331, 0.5154802658309872],
    );
    assert_draws(
        Laplace::new(1.0, 2.0),
        [1.047854472402294, 5.623804580205163],
        [0.6370617821105842, 2.1619561449067177],
    );
    assert_draws(
        Logistic::new(1.0, 2.0),
        [1.0945906257190314, 6.90848831717592],
        [0.32997909550906446, 2.8921435396989326],
    );
    assert_draws(
        LogNormal::new(1.0, 2.0),
        [5.425816440943435, 14.058627819677424],
        [70.01368530699314, 0.7997046337504352],
    );
    assert_draws(
        NoncentralChiSquare::new(0.5, 3.0),
        [1.238791554810413, 4.933989929023006],
        [2.0135865368774564, 0.028518554695655587],
    );
    assert_draws(
        NoncentralF::new(5.0, 20.0, 1.0),
        [1.9749723716220813, 1.3137309161482995],
        [2.623784444651162, 0.860307427907914],
    );
    assert_draws(
        Normal::new(1.0, 2.0),
        [1.691168384129572, 2.643236287002317],
        [4.248690727326483, -0.22351282730015076],
    );
    assert_draws(
        Pareto::new(3.0),
        [0.4300027139314554, 0.10828936581161601],
        [0.19706007396255787, 0.5291444831433163],
    );
    assert_draws(
        Power::new(3.0),
        [0.8697911563106514, 0.6426530728723469],
        [0.7471130525727289, 0.8964155759823983],
    );
    assert_draws(
        Rayleigh::new(2.0),
        [2.929886040613237, 1.57086764337492],
        [2.07770226405842, 3.192648120934475],
    );
    assert_draws(
        StandardT::new(5.0),
        [0.2873875191927158, -1.0582247452157665],
        [2.18220870791557, -1.0119851341385129],
    );
    assert_draws(
        VonMises::new(1.0, 4.0),
        [0.49321616637418986, 0.6135996843096287],
        [0.6212322886317079, 0.7448178533665155],
    );
    assert_draws(
        VonMises::new(1.0, 1e-06),
        [-0.6079340567962634, -1.98026997333461],
        [-0.31011230014486824, 0.05019502418119304],
    );
    assert_draws(
        Wald::new(5.0, 0.5),
        [14.212393565643, 13.624503864043827],
        [0.17636867907982356, 0.8988457097045224],
    );
    assert_draws(
        Weibull::new(3.0),
        [1.023773357577454, 0.6756623724858704],
        [0.8141271029939834, 1.0841034033671533],
    );
    assert_draws(Poisson::new(3.0), [4, 4], [2, 1]);
    assert_draws(Poisson::new(50.0), [50, 46], [48, 41]);
    assert_draws(Zipf::new(2.0), [1, 1], [1, 1]);
    assert_draws(Geometric::new(0.01), [107, 31], [54, 127]);
    assert_draws(Geometric::new(0.5), [2, 5], [1, 2]);
    assert_draws(LogSeries::new(0.9), [6, 17], [5, 14]);
    assert_draws(NegativeBinomial::new(5.0, 0.1), [45, 33], [77, 25]);
    assert_draws(Binomial::new(10, 0.3), [3, 5], [3, 4]);
    assert_draws(Binomial::new(1000, 0.7), [705, 721], [703, 709]);
    assert_draws(Hypergeometric::new(10, 20, 5), [1, 2], [1, 0]);
    assert_draws(Hypergeometric::new(100, 200, 50), [15, 16], [20, 11]);
}

#[test]
fn orders_and_choices_are_numpys() {
    assert_eq!(Generator::new(1).permutation(8), [5, 0, 1, 4, 2, 6, 3, 7]);
    assert_eq!(
        RandomState::seed(1).permutation(8),
        [7, 2, 1, 6, 0, 4, 3, 5]
    );
    assert_eq!(Generator::new(1).choice(20, 5).unwrap(), [8, 0, 13, 18, 7]);
    let unordered = choose_distinct(&mut Pcg64::new(1), 20, 5, Order::Any).unwrap();
    assert_eq!(unordered, [7, 8, 13, 18, 0]);
    assert_eq!(Generator::new(1).bytes(5), [255, 228, 34, 121, 243]);
    assert_eq!(
        Generator::new(1).integers::<u8>(3, 200, 4).unwrap(),
        [199, 178, 189, 148]
    );
    assert_eq!(
        RandomState::seed(1).randint(-5, 5, 4).unwrap(),
        [0, 3, 4, 0]
    );
}

#[test]
fn parameters_out_of_range_are_errors() {
    let text = |error: Error| error.to_string();
    assert_eq!(text(Normal::new(0.0, -1.0).unwrap_err()), "scale < 0");
    assert_eq!(
        text(Poisson::new(f64::NAN).unwrap_err()),
        "lam < 0 or lam is NaN"
    );
    assert_eq!(
        text(Binomial::new(5, 1.5).unwrap_err()),
        "p < 0, p > 1 or p is NaN"
    );
    assert_eq!(
        text(Integers::<u8>::below(0, 300).unwrap_err()),
        "high is out of bounds for uint8"
    );
    assert_eq!(
        text(Integers::<i64>::below(5, 5).unwrap_err()),
        "low >= high"
    );
    assert!(Hypergeometric::new(5, 5, 11).is_err());
    assert!(Hypergeometric::legacy(i64::MAX, 1, 1).is_err());
    assert!(Multinomial::new(vec![]).is_err());
    assert!(Mt19937::from_state(&[0; 3], 0).is_err());
    assert!(SeedSequence::with_key(&[1], &[], 3).is_err());
}

#[test]
fn a_state_is_all_there_is() {
    let mut rng = Generator::new(7);
    rng.integers::<i32>(0, 9, 3).unwrap();
    let bits = Pcg64::from_state(rng.bits.state(), rng.bits.increment(), rng.bits.half());
    assert_eq!(
        Generator::on(bits).integers::<i32>(0, 9, 9),
        rng.integers(0, 9, 9)
    );
    let mut legacy = RandomState::seed(7);
    legacy.randn(3);
    let mut again = legacy.clone();
    assert!(again.gauss.is_some());
    assert_eq!(again.randn(4), legacy.randn(4));
}

#[test]
fn xoshiro_is_that_of_its_authors() {
    // the first numbers of xoshiro256plusplus.c from the state 1, 2, 3, 4
    let mut bits = Xoshiro256::from_state([1, 2, 3, 4], Half::NONE).unwrap();
    let drawn: Vec<u64> = (0..10).map(|_| bits.next_u64()).collect();
    assert_eq!(
        drawn,
        [
            41943041,
            58720359,
            3588806011781223,
            3591011842654386,
            9228616714210784205,
            9973669472204895162,
            14011001112246962877,
            12406186145184390807,
            15849039046786891736,
            10450023813501588000
        ]
    );
    assert!(Xoshiro256::from_state([0; 4], Half::NONE).is_err());
    // jumps commute with steps
    let mut ahead = bits.jumped(2);
    let mut later = bits.clone();
    later.next_u64();
    ahead.next_u64();
    assert_eq!(ahead, later.jumped(2));
    assert_ne!(bits.long_jumped().state(), bits.jumped(1).state());
}

#[test]
fn any_part_of_a_sequence_of_points_is_that_of_the_whole() {
    let sobol = Sobol::new(5, 30).unwrap().scrambled(&mut Pcg64::new(1));
    let halton = Halton::new(5).scrambled(&mut Pcg64::new(1));
    let (mut whole, mut part) = ([0.0; 500], [0.0; 35]);
    sobol.fill_at(0, &mut whole).unwrap();
    sobol.fill_at(13, &mut part).unwrap();
    assert_eq!(part, whole[65..100]);
    halton.fill_at(0, &mut whole);
    halton.fill_at(13, &mut part);
    assert_eq!(part, whole[65..100]);
    let mut short = Sobol::new(1, 3).unwrap();
    assert!(short.fill(&mut [0.0; 9]).is_err());
    assert!(short.fill(&mut [0.0; 8]).is_ok());
    assert!(short.fill(&mut [0.0; 1]).is_err());
}

#[cfg(feature = "rand_core")]
#[test]
fn generators_are_those_of_rand_core() {
    use rand_core::{Rng, SeedableRng};
    let mut ours = Pcg64::new(42);
    let mut theirs = Generator::<Pcg64>::seed_from_u64(42);
    assert_eq!(Rng::next_u64(&mut theirs), ours.next_u64());
    let mut bytes = [0; 11];
    Rng::fill_bytes(&mut theirs, &mut bytes);
    assert_eq!(bytes[..8], ours.next_u64().to_le_bytes());
}
