//! What holds of every primitive under every transformation, and of the transformations nested in each other.

use std::cell::Cell;

use civita_core::device::Device;
use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::graph::Function as Program;
use civita_core::layout::{Axes, KeepDims, SliceItem};
use civita_core::ops::{Op, Reduction};
use civita_core::primitive::{
    Combine, Correlate, CorrelatePlanes, Direction, Grouped, GroupedMatmul, Multiply, Over,
    Rowwise, Scatter, SemiringMatmul, Stat, bind_one,
};
use civita_core::program::Program as Elementwise;
use civita_core::raw::{Key, Mode, Raw, ReduceOptions};
use civita_core::transform::{Function, grad, hessian, jacfwd, jacrev, jvp, trace, vmap};

type F = Box<dyn Fn(&[Raw]) -> Result<Raw>>;

/// A function made of one primitive, where it is tried, and which of its inputs can move.
struct Sample {
    name: &'static str,
    x: Vec<Raw>,
    moves: Vec<bool>,
    /// Inputs that may carry a batch.
    batches: Vec<bool>,
    f: F,
}

impl Sample {
    fn fixed(mut self, input: usize) -> Sample {
        self.moves[input] = false;
        self
    }
    fn shared(mut self, input: usize) -> Sample {
        self.batches[input] = false;
        self
    }
}

/// Rows along axis 1.
fn combined(combine: Combine) -> Scatter {
    Scatter {
        combine,
        axis: 1,
        axes: 1,
        batch: 0,
        mode: Mode::Raise,
        in_place: false,
    }
}

fn semiring(
    name: &'static str,
    largest: bool,
    multiply: Multiply,
    a: &[usize],
    b: &[usize],
) -> Sample {
    let product = SemiringMatmul {
        largest,
        multiply,
        winners: false,
    };
    sample(name, &[numbers(a, 5), numbers(b, 6)], move |x| {
        bind_one(&product, &[&x[0], &x[1]])
    })
}

fn planes(name: &'static str, x: &[usize], w: &[usize]) -> Sample {
    sample(name, &[numbers(x, 5), numbers(w, 6)], |x| {
        bind_one(&CorrelatePlanes, &[&x[0], &x[1]])
    })
}

fn grouped(name: &'static str, groups: Grouped, a: &[usize], b: &[usize]) -> Sample {
    let product = GroupedMatmul {
        groups,
        ends: [1, 3].into(),
    };
    sample(name, &[numbers(a, 5), numbers(b, 6)], move |x| {
        bind_one(&product, &[&x[0], &x[1]])
    })
}

fn sample(name: &'static str, x: &[Raw], f: impl Fn(&[Raw]) -> Result<Raw> + 'static) -> Sample {
    Sample {
        name,
        x: x.to_vec(),
        moves: vec![true; x.len()],
        batches: vec![true; x.len()],
        f: Box::new(f),
    }
}

/// Different numbers between -1 and 1.
fn numbers(shape: &[usize], seed: u64) -> Raw {
    let step = (seed * 1009 + 1) as f64 * 0.618_034;
    let n = shape.iter().product::<usize>();
    here(Raw::from_vec((1..=n).map(|i| (i as f64 * step).sin()).collect(), shape).unwrap())
}

thread_local! {
    /// Where the samples live.
    static DEVICE: Cell<Device> = const { Cell::new(Device::Cpu) };
}

fn here(x: Raw) -> Raw {
    x.to_device(DEVICE.get()).unwrap()
}

fn integers(values: &[i64]) -> Raw {
    here(Raw::from_vec(values.to_vec(), &[values.len()]).unwrap())
}

fn over(x: &Raw, op: Reduction, axes: &[isize], keepdims: KeepDims) -> Result<Raw> {
    let options = ReduceOptions {
        axes: Axes::List(axes),
        keepdims,
        ddof: 1.0,
        ..Default::default()
    };
    x.reduce(op, options)
}

fn samples() -> Vec<Sample> {
    let n = numbers;
    let index = || integers(&[2, 0, -1, 1]);
    let mask = || here(Raw::from_vec(vec![true, false, true], &[3]).unwrap());
    let fused = Program::new(
        Elementwise::trace(2, |b| {
            let (x, y) = (b.input(0), b.input(1));
            (x * y).tanh() * x.lt(y).choose(x.sin(), y.exp())
        }),
        "fused",
    );
    let cube = Function::new(
        "scaled_cube",
        |x| Ok(vec![x[0].mul(&x[0])?.mul(&x[0])?.mul(&x[1])?]),
        |x, _, g| {
            let g_square = g[0].mul(&x[0])?.mul(&x[0])?;
            let three = Raw::scalar(Scalar::Float(3.0), DType::F64)?;
            let to_second = g_square.mul(&x[0])?;
            let axes: Vec<isize> = (0..to_second.rank() as isize).collect();
            Ok(vec![
                Some(g_square.mul(&x[1])?.mul(&three)?),
                Some(over(&to_second, Reduction::Sum, &axes, KeepDims::No)?),
            ])
        },
    );
    let two = Function::new(
        "two_outputs",
        |x| Ok(vec![x[0].sin()?, x[0].mul(&x[0])?]),
        |x, _, g| {
            let back = g[0].mul(&x[0].cos()?)?;
            let double = x[0].add(&x[0])?;
            Ok(vec![Some(back.add(&g[1].mul(&double)?)?)])
        },
    );
    vec![
        sample("op", &[n(&[2, 3], 1), n(&[3], 2)], |x| x[0].mul(&x[1])),
        sample("op with a scalar", &[n(&[2, 3], 1)], |x| {
            Raw::apply(Op::Div, &[Scalar::Float(2.0).into(), (&x[0]).into()])
        }),
        sample("where", &[n(&[2, 3], 1), n(&[3], 2)], |x| {
            x[0].lt(&x[1])?.choose(&x[0], &x[1])
        }),
        sample("fused", &[n(&[2, 3], 1), n(&[3], 2)], move |x| {
            Raw::call(&fused, &[&x[0], &x[1]])
        }),
        sample("cast", &[n(&[2, 3], 3)], |x| {
            x[0].cast(DType::C128)?.mul(&x[0])?.real()
        }),
        sample("copy", &[n(&[2, 3], 3)], |x| x[0].transpose()?.copied()),
        sample("sum", &[n(&[2, 3, 2], 3)], |x| {
            over(&x[0], Reduction::Sum, &[1], KeepDims::No)
        }),
        sample("sum of all", &[n(&[2, 3], 3)], |x| x[0].sum_all()),
        sample("mean", &[n(&[2, 3, 2], 3)], |x| {
            over(&x[0], Reduction::Mean, &[0, 2], KeepDims::No)
        }),
        sample("max", &[n(&[3, 4], 4)], |x| {
            over(&x[0], Reduction::Max, &[1], KeepDims::No)
        }),
        sample("min, kept", &[n(&[3, 4], 4)], |x| {
            over(&x[0], Reduction::Min, &[0], KeepDims::Yes)
        }),
        sample("prod", &[n(&[3, 4], 4)], |x| {
            over(&x[0], Reduction::Prod, &[1], KeepDims::No)
        }),
        sample("var", &[n(&[3, 4], 4)], |x| {
            over(&x[0], Reduction::Var, &[1], KeepDims::No)
        }),
        sample("std", &[n(&[3, 4], 4)], |x| {
            over(&x[0], Reduction::Std, &[0], KeepDims::No)
        }),
        sample("logsumexp", &[n(&[3, 4], 4)], |x| {
            over(&x[0], Reduction::LogSumExp, &[1], KeepDims::No)
        }),
        sample("softmax", &[n(&[3, 4], 4)], |x| x[0].softmax(-1)),
        sample("log_softmax", &[n(&[3, 4], 4)], |x| x[0].log_softmax(0)),
        sample("mean_square", &[n(&[3, 4], 4)], |x| {
            let mean = Rowwise {
                stat: Stat::MeanSquare,
                over: Over {
                    axes: [1].into_iter().collect(),
                    keepdims: KeepDims::No,
                },
                dtype: DType::F64,
            };
            bind_one(&mean, &[&x[0]])
        }),
        sample("layer_norm", &[n(&[3, 4], 4)], |x| {
            x[0].layer_norm(1, None, None, 0.1)
        }),
        sample(
            "layer_norm, weight and bias",
            &[n(&[2, 3, 4], 4), n(&[3, 4], 5), n(&[3, 4], 6)],
            |x| x[0].layer_norm(2, Some(&x[1]), Some(&x[2]), 0.1),
        ),
        sample("rms_norm, weight", &[n(&[3, 4], 4), n(&[4], 5)], |x| {
            x[0].rms_norm(1, Some(&x[1]), 0.1)
        }),
        sample("log_loss", &[n(&[3, 4], 4), n(&[3, 1], 5)], |x| {
            x[0].log_loss(&x[1], 1)
        }),
        sample(
            "log_loss, across",
            &[n(&[2, 4, 3], 4), n(&[2, 1, 3], 5)],
            |x| x[0].log_loss(&x[1], 1),
        ),
        sample("cumsum", &[n(&[3, 4], 4)], |x| x[0].cumsum(Some(1), None)),
        sample("cumprod", &[n(&[3, 4], 4)], |x| x[0].cumprod(Some(1), None)),
        sample("cumprod with zeros", &[n(&[2, 4], 4)], |x| {
            let keeps = here(Raw::from_vec(vec![1.0, 0.0, 1.0, 0.0], &[4])?);
            x[0].mul(&keeps)?.cumprod(Some(1), None)
        }),
        sample("cummax", &[n(&[3, 4], 4)], |x| Ok(x[0].cummax(1)?.0)),
        sample("cummin", &[n(&[3, 4], 4)], |x| Ok(x[0].cummin(0)?.0)),
        sample("sort", &[n(&[3, 4], 4)], |x| {
            x[0].sort(1, Direction::Ascending)
        }),
        sample("sort, descending", &[n(&[3, 4], 5)], |x| {
            x[0].sort(0, Direction::Descending)
        }),
        sample("sort with indices", &[n(&[3, 4], 4)], |x| {
            let (values, indices) = x[0].sort_with_indices(1, Direction::Ascending)?;
            values.mul(&indices.cast(DType::F64)?)
        }),
        sample(
            "take_along_axis",
            &[
                n(&[3, 2], 14),
                integers(&[2, 0, -1, 1]).reshape(&[2, 2]).unwrap(),
            ],
            |x| x[0].take_along_axis(&x[1], 0),
        )
        .fixed(1),
        sample(
            "put_along_axis",
            &[
                n(&[3, 2], 14),
                integers(&[2, 0, -1, 1]).reshape(&[2, 2]).unwrap(),
                n(&[2, 2], 15),
            ],
            |x| x[0].put_along_axis(&x[1], &x[2], 0),
        )
        .fixed(1),
        sample("correlate", &[n(&[7], 5), n(&[3], 6)], |x| {
            bind_one(&Correlate, &[&x[0], &x[1]])
        }),
        sample("correlate rows", &[n(&[2, 5], 5), n(&[2, 2], 6)], |x| {
            bind_one(&Correlate, &[&x[0], &x[1]])
        }),
        sample(
            "correlate rows, one kernel",
            &[n(&[3, 5], 5), n(&[2], 6)],
            |x| bind_one(&Correlate, &[&x[0], &x[1]]),
        ),
        sample(
            "correlate a row, many kernels",
            &[n(&[5], 5), n(&[3, 2], 6)],
            |x| bind_one(&Correlate, &[&x[0], &x[1]]),
        ),
        planes("convolve2d", &[3, 4], &[2, 2]),
        planes("convolve2d, one kernel", &[3, 3, 4], &[2, 2]),
        planes("convolve2d, many kernels", &[3, 4], &[3, 2, 2]),
        planes("convolve2d, crossed", &[2, 1, 3, 4], &[3, 2, 2]),
        semiring("min of sums", false, Multiply::Add, &[2, 3], &[3, 2]),
        semiring(
            "max of products",
            true,
            Multiply::Multiply,
            &[2, 3],
            &[3, 2],
        ),
        semiring("max of smaller ones", true, Multiply::Min, &[2, 3], &[3, 2]),
        semiring("min of larger ones", false, Multiply::Max, &[2, 3], &[3, 2]),
        semiring(
            "min of sums, many by one",
            false,
            Multiply::Add,
            &[3, 2, 3],
            &[3, 2],
        ),
        semiring(
            "max of products, one by many",
            true,
            Multiply::Multiply,
            &[2, 3],
            &[3, 3, 2],
        ),
        semiring(
            "max of smaller ones, crossed",
            true,
            Multiply::Min,
            &[2, 1, 2, 3],
            &[3, 3, 2],
        ),
        grouped("rows by groups", Grouped::Rows, &[4, 2], &[2, 2, 3]),
        grouped("columns by groups", Grouped::Columns, &[2, 3, 2], &[2, 5]),
        grouped("sums by groups", Grouped::Depth, &[2, 4], &[4, 3]),
        sample("matmul", &[n(&[2, 3], 5), n(&[3, 2], 6)], |x| {
            x[0].matmul(&x[1])
        }),
        sample("vector times vector", &[n(&[3], 5), n(&[3], 6)], |x| {
            x[0].matmul(&x[1])
        }),
        sample("matrix times vector", &[n(&[2, 3], 5), n(&[3], 6)], |x| {
            x[0].matmul(&x[1])
        }),
        sample("vector times matrix", &[n(&[3], 5), n(&[3, 2], 6)], |x| {
            x[0].matmul(&x[1])
        }),
        sample(
            "vector times matrices",
            &[n(&[3], 5), n(&[2, 3, 2], 6)],
            |x| x[0].matmul(&x[1]),
        ),
        sample("many by one", &[n(&[2, 2, 3], 7), n(&[3, 2], 8)], |x| {
            x[0].matmul(&x[1])
        }),
        sample("one by many", &[n(&[2, 3], 9), n(&[2, 3, 2], 10)], |x| {
            x[0].matmul(&x[1])
        }),
        sample("permute, reshape", &[n(&[2, 3], 11)], |x| {
            x[0].transpose()?.reshape(&[2, 3])
        }),
        sample("broadcast", &[n(&[3, 1], 12)], |x| {
            x[0].broadcast_to(&[2, 3, 2])
        }),
        sample("slice", &[n(&[5, 2], 13)], |x| {
            x[0].slice(&[
                SliceItem::Range {
                    start: Some(4),
                    stop: Some(0),
                    step: -2,
                },
                SliceItem::NewAxis,
                SliceItem::Index(1),
            ])
        }),
        sample("flip", &[n(&[3, 2], 13)], |x| x[0].flip(Axes::List(&[0]))),
        sample("diagonal", &[n(&[3, 4], 13)], |x| x[0].diagonal(1, 0, 1)),
        sample("unfold", &[n(&[5], 13)], |x| x[0].unfold(0, 3, 1)),
        sample("as_strided", &[n(&[6], 13)], |x| {
            x[0].as_strided(&[2, 2], &[1, 2], 1)
        }),
        sample("take", &[n(&[2, 3], 14), index()], |x| {
            x[0].take(&x[1], 1, Mode::Raise)
        })
        .fixed(1),
        sample(
            "index_add",
            &[n(&[2, 3], 15), index(), n(&[2, 4], 16)],
            |x| x[0].index_add(1, &x[1], &x[2]),
        )
        .fixed(1),
        sample(
            "index_put",
            &[n(&[2, 3], 15), index(), n(&[2, 4], 16)],
            |x| x[0].index_put(1, &x[1], &x[2]),
        )
        .fixed(1),
        sample(
            "index_multiply",
            &[n(&[2, 3], 15), index(), n(&[2, 4], 16)],
            |x| bind_one(&combined(Combine::Multiply), &[&x[0], &x[1], &x[2]]),
        )
        .fixed(1),
        sample(
            "index_maximum",
            &[n(&[2, 3], 15), index(), n(&[2, 4], 16)],
            |x| bind_one(&combined(Combine::Maximum), &[&x[0], &x[1], &x[2]]),
        )
        .fixed(1),
        sample("select", &[n(&[3, 2], 17), mask()], |x| x[0].select(&x[1]))
            .fixed(1)
            .shared(1),
        sample(
            "index by arrays beside each other",
            &[n(&[3, 3, 2], 14), integers(&[2, 0, -1]), integers(&[1])],
            |x| x[0].index(&[x[1].clone().into(), x[2].clone().into()]),
        )
        .fixed(1)
        .fixed(2),
        sample(
            "index by arrays apart",
            &[
                n(&[3, 2, 3], 14),
                integers(&[2, 0, 0]),
                integers(&[1, 1, -1]),
            ],
            |x| {
                x[0].index(&[
                    x[1].clone().into(),
                    SliceItem::ALL.step_by(-1).into(),
                    x[2].clone().into(),
                ])
            },
        )
        .fixed(1)
        .fixed(2),
        sample(
            "index by a mask, an integer and an array",
            &[n(&[3, 2, 3], 14), mask(), integers(&[1])],
            |x| {
                x[0].index(&[
                    x[1].clone().into(),
                    SliceItem::Index(-1).into(),
                    x[2].clone().into(),
                ])
            },
        )
        .fixed(1)
        .shared(1)
        .fixed(2),
        sample(
            "assign by arrays",
            &[
                n(&[3, 2], 15),
                integers(&[2, 0, 2, -1]),
                integers(&[1, 1, -1, 0]),
                n(&[4], 16),
            ],
            |x| {
                let mut y = x[0].mul(&x[0])?;
                y.index_assign(&[x[1].clone().into(), x[2].clone().into()], &x[3])?;
                Ok(y)
            },
        )
        .fixed(1)
        .fixed(2)
        // a batch of second indices are 0, 1 and 2, and there are two columns
        .shared(2),
        sample(
            "assign by a slice and an array",
            &[n(&[4, 3], 15), integers(&[2, 0, 2]), n(&[2, 1], 16)],
            |x| {
                let mut y = x[0].mul(&x[0])?;
                y.index_assign(&[SliceItem::from(1..3).into(), x[1].clone().into()], &x[2])?;
                Ok(y)
            },
        )
        .fixed(1),
        sample(
            "assign by arrays apart",
            &[n(&[3, 2, 3], 15), integers(&[2, 0]), n(&[2], 16)],
            |x| {
                let mut y = x[0].mul(&x[0])?;
                let keys: [Key; 3] = [
                    x[1].clone().into(),
                    SliceItem::ALL.into(),
                    SliceItem::Index(1).into(),
                ];
                y.index_assign(&keys, &x[2])?;
                Ok(y)
            },
        )
        .fixed(1),
        sample(
            "accumulate",
            &[n(&[3, 2], 15), integers(&[2, 0, 2]), n(&[2, 3], 16)],
            |x| {
                let mut y = x[0].mul(&x[0])?;
                y = y.transpose()?;
                y.index_accumulate(&[SliceItem::ALL.into(), x[1].clone().into()], &x[2])?;
                Ok(y)
            },
        )
        .fixed(1),
        sample("concatenate", &[n(&[2, 3], 17), n(&[2, 1], 18)], |x| {
            Raw::concatenate(&[&x[0], &x[1]], 1)
        }),
        sample("write", &[n(&[3, 2], 17), n(&[2], 18)], |x| {
            let mut y = x[0].mul(&x[0])?;
            y.assign_slice(&[SliceItem::from(1..3)], &x[1])?;
            Ok(y)
        }),
        sample("function", &[n(&[2, 3], 24), n(&[], 25)], move |x| {
            Ok(cube.call(&[&x[0], &x[1]])?.remove(0))
        }),
        sample("function with two outputs", &[n(&[2, 3], 24)], move |x| {
            let y = two.call(&[&x[0]])?;
            y[0].mul(&y[1])
        }),
        sample("function of which one output is used", &[n(&[2, 3], 24)], {
            let two = Function::new(
                "two_outputs",
                |x| Ok(vec![x[0].sin()?, x[0].mul(&x[0])?]),
                |x, _, g| {
                    Ok(vec![Some(
                        g[0].mul(&x[0].cos()?)?.add(&g[1].mul(&x[0].add(&x[0])?)?)?,
                    )])
                },
            );
            move |x| Ok(two.call(&[&x[0]])?.remove(1))
        }),
    ]
}

fn flat(all: &[Raw]) -> Vec<f64> {
    let of = |x: &Raw| x.cast(DType::F64).unwrap().to_vec::<f64>().unwrap();
    all.iter().flat_map(of).collect()
}

#[track_caller]
fn near(law: &str, found: &[Raw], expected: &[Raw], tolerance: f64) {
    let shapes = |all: &[Raw]| all.iter().map(|x| x.shape().to_vec()).collect::<Vec<_>>();
    assert_eq!(shapes(found), shapes(expected), "{law}");
    let (found, expected) = (flat(found), flat(expected));
    let fits = found
        .iter()
        .zip(&expected)
        .all(|(a, b)| (a - b).abs() <= tolerance * (1.0 + b.abs()));
    assert!(fits, "{law}\n  found {found:?}\n  expected {expected:?}");
}

fn stacked(rows: &[Vec<Raw>]) -> Result<Vec<Raw>> {
    (0..rows[0].len())
        .map(|k| Raw::stack(&rows.iter().map(|row| &row[k]).collect::<Vec<_>>(), 0))
        .collect()
}

fn dot(a: &[Raw], b: &[Raw]) -> Result<Raw> {
    let mut sum = Raw::zeros(&[], DType::F64)?;
    for (a, b) in a.iter().zip(b) {
        sum = sum.add(&a.mul(b)?.sum_all()?)?;
    }
    Ok(sum)
}

fn times(x: &Raw, factor: f64) -> Result<Raw> {
    Raw::apply(Op::Mul, &[x.into(), Scalar::Float(factor).into()])
}

/// `x + step · t`.
fn along(x: &[Raw], step: f64, t: &[Option<Raw>]) -> Result<Vec<Raw>> {
    x.iter()
        .zip(t)
        .map(|(x, t)| match t {
            Some(t) => x.add(&times(t, step)?),
            None => Ok(x.clone()),
        })
        .collect()
}

fn laws(
    Sample {
        name,
        x,
        moves,
        batches,
        f,
    }: &Sample,
) -> Result<()> {
    let moving: Vec<usize> = (0..x.len()).filter(|&i| moves[i]).collect();
    let some = |x: &[Raw]| moving.iter().map(|&i| x[i].clone()).collect::<Vec<_>>();
    let put = |some: &[Raw], x: &[Raw]| {
        let mut all = x.to_vec();
        moving
            .iter()
            .zip(some)
            .for_each(|(&i, x)| all[i] = x.clone());
        all
    };
    // a number whose second derivatives are not zero, and its gradients with respect to what moves
    let loss = |x: &[Raw]| f(x)?.sin()?.sum_all();
    let slopes = |x: &[Raw]| grad(&|x| Ok(vec![loss(x)?]), x, &moving);
    let t: Vec<Option<Raw>> = (0..x.len())
        .map(|i| moves[i].then(|| numbers(x[i].shape(), 90 + i as u64)))
        .collect();
    let t_some: Vec<Raw> = t.iter().flatten().cloned().collect();
    let pushed = |x: &[Raw]| -> Result<Raw> {
        let (_, mut moved) = jvp(|s| Ok(vec![loss(&put(s, x))?]), &some(x), &t_some)?;
        Ok(moved.remove(0))
    };
    let step = 1e-5;
    let differences = |f: &dyn Fn(&[Raw]) -> Result<Vec<Raw>>| -> Result<Vec<Raw>> {
        let (up, down) = (f(&along(x, step, &t)?)?, f(&along(x, -step, &t)?)?);
        up.iter()
            .zip(&down)
            .map(|(up, down)| times(&up.sub(down)?, 0.5 / step))
            .collect()
    };
    // the law under test, for an error on the way
    let law = |what: &str| {
        eprintln!("{name}: {what}");
        format!("{name}: {what}")
    };

    let slope = differences(&|x| Ok(vec![loss(x)?]))?;
    near(
        &law("reverse mode"),
        &[dot(&slopes(x)?, &t_some)?],
        &slope,
        1e-6,
    );
    near(&law("forward mode"), &[pushed(x)?], &slope, 1e-6);

    let curve = differences(&slopes)?;
    let (_, over_reverse) = jvp(|s| slopes(&put(s, x)), &some(x), &t_some)?;
    near(&law("forward over reverse"), &over_reverse, &curve, 1e-5);
    let reverse_twice = grad(&|x| Ok(vec![dot(&slopes(x)?, &t_some)?]), x, &moving)?;
    near(&law("reverse over reverse"), &reverse_twice, &curve, 1e-5);
    let over_forward = grad(&|x| Ok(vec![pushed(x)?]), x, &moving)?;
    near(&law("reverse over forward"), &over_forward, &curve, 1e-5);

    let graph = trace(|x| Ok(vec![f(x)?]), x)?;
    let value = f(x)?;
    near(
        &law("trace"),
        &graph.run(x)?,
        std::slice::from_ref(&value),
        0.0,
    );
    let graph = trace(slopes, x)?;
    near(
        &law("trace of a gradient"),
        &graph.run(x)?,
        &slopes(x)?,
        1e-12,
    );

    // every choice of inputs that carry a batch, as long as many axes are, and longer than any: where a batch meets an axis of a
    // sample, one gives wrong numbers and the other an error
    for (choice, size) in (1u32..1 << x.len()).flat_map(|choice| [(choice, 3), (choice, 8)]) {
        let batched: Vec<bool> = (0..x.len()).map(|i| choice >> i & 1 == 1).collect();
        if batched.iter().zip(batches).any(|(b, can)| *b && !can) {
            continue;
        }
        let axes: Vec<Option<isize>> = batched.iter().map(|b| b.then_some(0)).collect();
        let rows: Vec<Vec<Raw>> = (0..size)
            .map(|row| {
                (0..x.len())
                    .map(|i| match (batched[i], x[i].dtype()) {
                        (true, DType::F64) => {
                            x[i].add(&times(&numbers(x[i].shape(), 40 + row), 0.3)?)
                        }
                        (true, _) => Raw::from_vec(
                            x[i].to_vec::<i64>()?
                                .into_iter()
                                .map(|v| (v + row as i64).rem_euclid(3))
                                .collect(),
                            x[i].shape(),
                        )
                        .map(here),
                        _ => Ok(x[i].clone()),
                    })
                    .collect::<Result<Vec<_>>>()
            })
            .collect::<Result<_>>()?;
        let stacks: Vec<Raw> = (0..x.len())
            .map(|i| match batched[i] {
                true => Raw::stack(&rows.iter().map(|row| &row[i]).collect::<Vec<_>>(), 0),
                false => Ok(x[i].clone()),
            })
            .collect::<Result<_>>()?;
        let law = |what: &str| {
            eprintln!("{name}: {what}, {size} of batched {batched:?}");
            format!("{name}: {what}, {size} of batched {batched:?}")
        };
        let front = |_: usize| Some(0);

        let each = rows
            .iter()
            .map(|row| Ok(vec![f(row)?]))
            .collect::<Result<Vec<_>>>()?;
        let found = vmap(|x| Ok(vec![f(x)?]), &stacks, &axes, &front)?;
        near(&law("vmap"), &found, &stacked(&each)?, 1e-12);

        let each = rows
            .iter()
            .map(|row| slopes(row))
            .collect::<Result<Vec<_>>>()?;
        let found = vmap(|x| slopes(x), &stacks, &axes, &front)?;
        near(&law("vmap of a gradient"), &found, &stacked(&each)?, 1e-11);

        let total = |x: &[Raw]| -> Result<Vec<Raw>> {
            let y = vmap(|x| Ok(vec![loss(x)?]), x, &axes, &front)?;
            Ok(vec![y[0].sum_all()?])
        };
        let loop_total = |x: &[Raw]| -> Result<Vec<Raw>> {
            let mut sum = Raw::zeros(&[], DType::F64)?;
            for row in 0..size as isize {
                let row: Vec<Raw> = x
                    .iter()
                    .zip(&batched)
                    .map(|(x, &b)| {
                        if b {
                            x.slice(&[SliceItem::Index(row)])
                        } else {
                            Ok(x.clone())
                        }
                    })
                    .collect::<Result<_>>()?;
                sum = sum.add(&loss(&row)?)?;
            }
            Ok(vec![sum])
        };
        let found = grad(&total, &stacks, &moving)?;
        near(
            &law("gradient of a vmap"),
            &found,
            &grad(&loop_total, &stacks, &moving)?,
            1e-11,
        );

        let t: Vec<Raw> = moving
            .iter()
            .map(|&i| numbers(stacks[i].shape(), 70 + i as u64))
            .collect();
        let push = |f: &dyn Fn(&[Raw]) -> Result<Vec<Raw>>| {
            jvp(|s| f(&put(s, &stacks)), &some(&stacks), &t).map(|(_, moved)| moved)
        };
        near(
            &law("jvp of a vmap"),
            &push(&total)?,
            &push(&loop_total)?,
            1e-11,
        );

        let graph = trace(|x| vmap(|x| Ok(vec![f(x)?]), x, &axes, &front), &stacks)?;
        let direct = vmap(|x| Ok(vec![f(x)?]), &stacks, &axes, &front)?;
        near(&law("trace of a vmap"), &graph.run(&stacks)?, &direct, 0.0);
    }
    Ok(())
}

#[test]
fn every_law_holds_for_every_primitive() {
    for sample in samples() {
        laws(&sample).unwrap_or_else(|e| panic!("{}: {e}", sample.name));
    }
}

/// Nothing above a backend may lean on the CPU: what makes numbers on the way makes them where the operands are.
#[test]
fn every_law_holds_on_another_device() {
    DEVICE.set(Device::Reference);
    for sample in samples() {
        laws(&sample).unwrap_or_else(|e| panic!("{}: {e}", sample.name));
    }
}

#[test]
fn a_vmap_in_a_vmap_batches_twice() -> Result<()> {
    let (a, b) = (numbers(&[4, 3], 1), numbers(&[5, 3], 2));
    let front = |_: usize| Some(0);
    let found = vmap(
        |x| {
            let row = x[0].clone();
            vmap(
                |y| Ok(vec![row.mul(&y[0])?.sum_all()?]),
                std::slice::from_ref(&b),
                &[Some(0)],
                &front,
            )
        },
        std::slice::from_ref(&a),
        &[Some(0)],
        &front,
    )?;
    near(
        "outer products",
        &found,
        &[a.matmul(&b.transpose()?)?],
        1e-12,
    );
    Ok(())
}

#[test]
fn jacobians_agree_and_the_hessian_is_symmetric() -> Result<()> {
    let x = [numbers(&[3], 1), numbers(&[2, 3], 2)];
    let f = |x: &[Raw]| Ok(vec![x[1].matmul(&x[0].sin()?)?.mul(&x[1].matmul(&x[0])?)?]);
    for argnum in 0..2 {
        let forward = jacfwd(&f, &x, argnum)?;
        let reverse = jacrev(&f, &x, &[argnum])?.remove(0);
        near("jacobians", &forward, &reverse, 1e-12);
        assert_eq!(forward[0].shape(), [&[2], x[argnum].shape()].concat());
    }
    let loss = |x: &[Raw]| Ok(vec![f(x)?[0].sum_all()?]);
    let h = hessian(&loss, &x, 0)?;
    near(
        "symmetry",
        &[h.transpose()?],
        std::slice::from_ref(&h),
        1e-12,
    );
    Ok(())
}

#[test]
fn a_graph_prints_as_a_jaxpr() -> Result<()> {
    let x = [numbers(&[2, 3], 1), numbers(&[3], 2)];
    let graph = trace(
        |x| {
            let y = Raw::apply(
                Op::Mul,
                &[(&x[0].add(&x[1])?).into(), Scalar::Float(2.0).into()],
            )?;
            Ok(vec![y.tanh()?.sum_all()?, y.reshape(&[6])?])
        },
        &x,
    )?;
    assert_eq!(
        graph.to_string(),
        "{ lambda a:float64[2,3] b:float64[3] . let\n    \
         c:float64[2,3] = add a b\n    \
         d:float64[2,3] = mul[1: 2] c\n    \
         e:float64[2,3] = tanh d\n    \
         f:float64[] = sum[0, 1] e\n    \
         g:float64[6] = reshape[6] d\n  \
         in (f, g) }"
    );
    let error = graph.run(&[x[0].clone(), numbers(&[2], 1)]).unwrap_err();
    assert!(error.is_shape(), "{error}");
    Ok(())
}

#[test]
fn a_length_that_values_decide_is_unknown_in_a_trace() -> Result<()> {
    let x = [
        numbers(&[4], 1),
        Raw::from_vec(vec![true, false, true, true], &[4])?,
    ];
    let graph = trace(|x| Ok(vec![x[0].select(&x[1])?]), &x)?;
    assert!(graph.to_string().contains("float64[?]"), "{graph}");
    let other = Raw::from_vec(vec![false, false, true, false], &[4])?;
    assert_eq!(graph.run(&[x[0].clone(), other])?[0].shape(), [1]);
    Ok(())
}

#[test]
fn values_of_a_batch_or_a_trace_cannot_be_read() -> Result<()> {
    let x = numbers(&[3], 1);
    let front = |_: usize| Some(0);
    let error = vmap(
        |x| x[0].item().map(|_| vec![]),
        std::slice::from_ref(&x),
        &[Some(0)],
        &front,
    );
    assert!(error.unwrap_err().to_string().contains("under `vmap`"));
    let error = trace(
        |x| x[0].sum_all()?.item().map(|_| vec![]),
        std::slice::from_ref(&x),
    );
    assert!(error.unwrap_err().to_string().contains("inside `trace`"));
    // a tangent and a gradient may be left behind
    jvp(
        |x| x[0].sum_all()?.item().map(|_| vec![]),
        std::slice::from_ref(&x),
        std::slice::from_ref(&x),
    )?;
    assert!(x.requires_grad()?.sum_all()?.item().is_ok());
    Ok(())
}

#[test]
fn a_mask_of_a_batch_decides_no_length() -> Result<()> {
    let (x, mask) = (numbers(&[2, 3], 1), Raw::from_vec(vec![true; 6], &[2, 3])?);
    let front = |_: usize| Some(0);
    let error = vmap(
        |x| Ok(vec![x[0].select(&x[1])?]),
        &[x, mask],
        &[Some(0), Some(0)],
        &front,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("`mask.choose(&x, 0.0)`")
    );
    Ok(())
}

#[test]
fn one_row_is_written_where_a_batch_of_masks_is_true() -> Result<()> {
    let (x, mask) = (
        numbers(&[2, 3], 1),
        Raw::from_vec(vec![true, false, true, false, true, false], &[2, 3])?,
    );
    let front = |_: usize| Some(0);
    let zero = Raw::zeros(&[], DType::F64)?;
    let found = vmap(
        |x| {
            let mut y = x[0].clone();
            y.index_assign(&[x[1].clone().into()], &zero)?;
            Ok(vec![y])
        },
        &[x.clone(), mask.clone()],
        &[Some(0), Some(0)],
        &front,
    )?;
    let expected = mask.choose(&zero, &x)?;
    near("masks of a batch", &found, &[expected], 0.0);
    Ok(())
}

#[test]
fn an_index_that_is_out_of_range_is_named_under_every_transformation() -> Result<()> {
    let x = numbers(&[2, 3], 1);
    let rows = Raw::from_vec(vec![0i64, 1, 1, 0], &[2, 2])?;
    // 3 is a place in the matrix, but not in its rows
    let columns = Raw::from_vec(vec![0i64, 3, 2, 1], &[2, 2])?;
    let front = |_: usize| Some(0);
    let pick = |x: &[Raw]| {
        Ok(vec![
            x[0].index(&[x[1].clone().into(), x[2].clone().into()])?,
        ])
    };
    let put = |x: &[Raw]| {
        let mut y = x[0].neg()?;
        y.index_assign(
            &[x[1].clone().into(), x[2].clone().into()],
            &Raw::zeros(&[], DType::F64)?,
        )?;
        Ok(vec![y])
    };
    let inputs = [x.clone(), rows.clone(), columns];
    let text = "index 3 is out of bounds for axis 1 with size 3";
    for f in [&pick as &dyn Fn(&[Raw]) -> Result<Vec<Raw>>, &put] {
        let axes = [None, Some(0), Some(0)];
        for error in [
            f(&inputs).unwrap_err(),
            vmap(f, &inputs, &axes, &front).unwrap_err(),
            grad(&|x| Ok(vec![f(x)?[0].sum_all()?]), &inputs, &[0]).unwrap_err(),
            trace(f, &inputs).map(drop).unwrap_err(),
        ] {
            assert!(
                error.is_index() && error.to_string().contains(text),
                "{error}"
            );
            assert_eq!(error.found_axis(), Some(1));
        }
        // a graph that meets other indices than it was traced with does not wrap around either
        let good = [x.clone(), rows.clone(), rows.clone()];
        let graph = trace(f, &good)?;
        let error = graph.run(&inputs).unwrap_err();
        assert!(
            error.is_index() && error.to_string().contains("out of bounds"),
            "{error}"
        );
    }
    Ok(())
}

#[test]
fn no_grad_silences_graphs_from_outside_and_no_forward_mode() -> Result<()> {
    use civita_core::graph::no_grad;
    let x = numbers(&[3], 1);
    let (_, moved) = jvp(
        |x| no_grad(|| Ok(vec![x[0].mul(&x[0])?])),
        std::slice::from_ref(&x),
        std::slice::from_ref(&x),
    )?;
    near("forward mode", &moved, &[times(&x.mul(&x)?, 2.0)?], 1e-12);
    let inside = no_grad(|| {
        grad(
            &|x| Ok(vec![x[0].mul(&x[0])?.sum_all()?]),
            std::slice::from_ref(&x),
            &[0],
        )
    })?;
    near(
        "a gradient that begins inside",
        &inside,
        &[times(&x, 2.0)?],
        1e-12,
    );
    Ok(())
}
