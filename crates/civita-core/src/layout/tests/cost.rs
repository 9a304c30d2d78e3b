//! What the path of a small operation costs:
//! `cargo test --release -p civita-core layout_cost -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use super::*;

fn time(what: &str, mut f: impl FnMut()) {
    let best = (0..9)
        .map(|_| {
            let start = Instant::now();
            (0..100_000).for_each(|_| f());
            start.elapsed().as_nanos() as f64 / 1e5
        })
        .fold(f64::MAX, f64::min);
    println!("{what:48}{best:7.1} ns");
}

#[test]
#[ignore = "a measurement"]
fn layout_cost() {
    for shape in [&[1usize][..], &[1000], &[30, 40], &[2, 3, 4, 5]] {
        let rank = shape.len();
        let a = Layout::contiguous(shape).unwrap();
        let t = Layout::contiguous(&shape.iter().rev().copied().collect::<Vec<_>>())
            .unwrap()
            .transpose();
        time(&format!("contiguous, rank {rank}"), || {
            black_box(&Layout::contiguous(black_box(shape)).unwrap());
        });
        time("  clone", || {
            black_box(&black_box(&a).clone());
        });
        time("  transpose", || {
            black_box(&black_box(&a).transpose());
        });
        time("  broadcast_shapes", || {
            black_box(&broadcast_shapes("add", black_box(&[a.shape(), a.shape()])).unwrap());
        });
        let walks = [
            ("all contiguous", [&a, &a, &a]),
            ("all transposed", [&t; 3]),
            ("one transposed", [&a, &a, &t]),
        ];
        for (what, [x, y, z]) in walks {
            time(&format!("  walk, {what}"), || {
                let strides = [x.strides(), y.strides(), z.strides()];
                black_box(&Walk::new(
                    black_box(shape),
                    strides,
                    [0, 0, 0],
                    Order::First,
                ));
            });
        }
        time("  shapes, output, walk", || {
            let a = black_box(&a);
            let out =
                Layout::contiguous(&broadcast_shapes("add", &[a.shape(), a.shape()]).unwrap())
                    .unwrap();
            black_box(&Walk::broadcast(out.shape(), [&out, a, a], Order::First).unwrap());
        });
    }
    let c = Layout::contiguous(&[1000, 1000]).unwrap();
    let walk = Walk::broadcast(c.shape(), [&c, &c, &c.transpose()], Order::First).unwrap();
    let start = Instant::now();
    walk.for_each_outer(0, 0..walk.len(), |offsets| {
        black_box(offsets);
    });
    println!(
        "for_each_outer, one step {:30.1} ns",
        start.elapsed().as_nanos() as f64 / 1e6
    );
}
