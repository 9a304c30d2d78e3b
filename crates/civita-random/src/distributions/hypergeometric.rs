//! Hypergeometric draws: counting, and the ratio of uniforms.

use super::discrete::truncated;
use super::integers::interval;
use crate::bits::BitGenerator;

/// `ln k!`, correctly rounded.
const LOG_FACTORIAL: [f64; 126] = [
    0.0,
    0.0,
    std::f64::consts::LN_2,
    1.791759469228055,
    3.1780538303479458,
    4.787491742782046,
    6.579251212010101,
    8.525161361065415,
    10.60460290274525,
    12.801827480081469,
    15.104412573075516,
    17.502307845873887,
    19.987214495661885,
    22.552163853123425,
    25.19122118273868,
    27.89927138384089,
    30.671860106080672,
    33.50507345013689,
    36.39544520803305,
    39.339884187199495,
    42.335616460753485,
    45.38013889847691,
    48.47118135183523,
    51.60667556776438,
    54.78472939811232,
    58.00360522298052,
    61.261701761002,
    64.55753862700634,
    67.88974313718154,
    71.25703896716801,
    74.65823634883016,
    78.0922235533153,
    81.55795945611504,
    85.05446701758152,
    88.58082754219768,
    92.1361756036871,
    95.7196945421432,
    99.33061245478743,
    102.96819861451381,
    106.63176026064346,
    110.32063971475739,
    114.0342117814617,
    117.77188139974507,
    121.53308151543864,
    125.3172711493569,
    129.12393363912722,
    132.95257503561632,
    136.80272263732635,
    140.67392364823425,
    144.5657439463449,
    148.47776695177302,
    152.40959258449735,
    156.3608363030788,
    160.3311282166309,
    164.32011226319517,
    168.32744544842765,
    172.3527971391628,
    176.39584840699735,
    180.45629141754378,
    184.53382886144948,
    188.6281734236716,
    192.7390472878449,
    196.86618167289,
    201.00931639928152,
    205.1681994826412,
    209.34258675253685,
    213.53224149456327,
    217.73693411395422,
    221.95644181913033,
    226.1905483237276,
    230.43904356577696,
    234.70172344281826,
    238.97838956183432,
    243.2688490029827,
    247.57291409618688,
    251.8904022097232,
    256.22113555000954,
    260.5649409718632,
    264.9216497985528,
    269.2910976510198,
    273.6731242856937,
    278.0675734403661,
    282.4742926876304,
    286.893133295427,
    291.3239500942703,
    295.76660135076065,
    300.22094864701415,
    304.6868567656687,
    309.1641935801469,
    313.65282994987905,
    318.1526396202093,
    322.66349912672615,
    327.1852877037752,
    331.7178871969285,
    336.26118197919845,
    340.815058870799,
    345.37940706226686,
    349.95411804077025,
    354.5390855194408,
    359.1342053695754,
    363.73937555556347,
    368.35449607240474,
    372.979468885689,
    377.61419787391867,
    382.25858877306,
    386.91254912321756,
    391.5759882173296,
    396.24881705179155,
    400.93094827891576,
    405.6222961611449,
    410.32277652693733,
    415.03230672824964,
    419.7508055995447,
    424.4781934182571,
    429.21439186665157,
    433.9593239950148,
    438.71291418612117,
    443.47508812091894,
    448.2457727453846,
    453.0248962384961,
    457.81238798127816,
    462.6081785268749,
    467.4121995716082,
    472.2243839269806,
    477.04466549258564,
    481.87297922988796,
];

fn log_factorial(k: i64) -> f64 {
    const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;
    if let Ok(k) = usize::try_from(k)
        && let Some(&known) = LOG_FACTORIAL.get(k)
    {
        return known;
    }
    // Stirling's series
    let x = k as f64;
    (x + 0.5) * x.ln() - x + (HALF_LN_2PI + (1.0 / x) * (1.0 / 12.0 - 1.0 / (360.0 * x * x)))
}

/// A hypergeometric distribution with what its draws need of its numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prepared {
    Counting(Counting),
    Ratio(Ratio),
}

impl Prepared {
    pub(crate) fn new(good: i64, bad: i64, sample: i64) -> Prepared {
        if sample >= 10 && sample <= good + bad - 10 {
            Prepared::Ratio(Ratio::new(good, bad, sample))
        } else {
            Prepared::Counting(Counting { good, bad, sample })
        }
    }

    #[inline]
    pub(crate) fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        match self {
            Prepared::Counting(counting) => counting.draw(bits),
            Prepared::Ratio(ratio) => ratio.draw(bits),
        }
    }
}

pub(crate) fn hypergeometric<B: BitGenerator>(
    bits: &mut B,
    good: i64,
    bad: i64,
    sample: i64,
) -> i64 {
    Prepared::new(good, bad, sample).draw(bits)
}

/// One after the other is taken, of the smaller part of the sample and its complement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    good: i64,
    bad: i64,
    sample: i64,
}

impl Counting {
    fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        let total = self.good + self.bad;
        let complement = self.sample > total / 2;
        let mut left = if complement {
            total - self.sample
        } else {
            self.sample
        };
        let (mut all, mut good) = (total, self.good);
        while left > 0 && good > 0 && all > good {
            all -= 1;
            if (interval(bits, all as u64) as i64) < good {
                good -= 1;
            }
            left -= 1;
        }
        if all == good {
            // only good ones are left
            good -= left;
        }
        if complement { good } else { self.good - good }
    }
}

/// Algorithm HRUA. Names are those of Stadlober's thesis (1989).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    good: i64,
    bad: i64,
    sample: i64,
    computed: i64,
    least: i64,
    most: i64,
    a: f64,
    b: f64,
    h: f64,
    g: f64,
}

/// 2 √(2/e) and 3 − 2 √(3/e).
pub(crate) const D1: f64 = 1.715_527_769_921_413_5;
pub(crate) const D2: f64 = 0.898_916_162_058_898_8;

impl Ratio {
    fn new(good: i64, bad: i64, sample: i64) -> Ratio {
        let population = good + bad;
        let computed = sample.min(population - sample);
        let (least, most) = (good.min(bad), good.max(bad));
        let p = least as f64 / population as f64;
        let q = most as f64 / population as f64;
        let a = computed as f64 * p + 0.5;
        let variance =
            (population - computed) as f64 * computed as f64 * p * q / (population - 1) as f64;
        let c = (variance + 0.5).sqrt();
        let m = truncated(
            ((computed + 1) as f64 * (least + 1) as f64 / (population + 2) as f64).floor(),
        );
        // the range, and 16 standard deviations above the mean
        let range = (computed.min(least) + 1) as f64;
        let far = (a + 16.0 * c).floor();
        let mut ratio = Ratio {
            good,
            bad,
            sample,
            computed,
            least,
            most,
            a,
            b: if range < far { range } else { far },
            h: D1 * c + D2,
            g: 0.0,
        };
        ratio.g = ratio.log_inverse(m);
        ratio
    }

    /// Minus the logarithm of the probability of `k`, up to a constant.
    fn log_inverse(&self, k: i64) -> f64 {
        log_factorial(k)
            + log_factorial(self.least - k)
            + log_factorial(self.computed - k)
            + log_factorial(self.most - self.computed + k)
    }

    fn draw<B: BitGenerator>(&self, bits: &mut B) -> i64 {
        let mut k = loop {
            let u = bits.next_f64();
            let v = bits.next_f64();
            let x = self.a + self.h * (v - 0.5) / u;
            if x < 0.0 || x >= self.b || x.is_nan() {
                continue;
            }
            let k = truncated(x.floor());
            let t = self.g - self.log_inverse(k);
            if u * (4.0 - u) - 3.0 <= t {
                break k;
            }
            if u * (u - t) >= 1.0 {
                continue;
            }
            if 2.0 * u.ln() <= t {
                break k;
            }
        };
        if self.good > self.bad {
            k = self.computed - k;
        }
        if self.computed < self.sample {
            k = self.good - k;
        }
        k
    }
}
