//! The table of functions, and what makes data of it.

use super::einsum::{Optimize, Subscripts};
use super::histogram::{Bins, BinsOfEach, Points, Range, RangeOfEach};
use super::memory::Requirements;
use super::pad::{Edges, OptReflectType, OptWidths, Widths};
use super::product::Contraction;
use super::rearrange::Shifts;
use super::scatter::Reduce;
use super::sets::LookupKind;
use super::signal::TrimEnds;
use super::sorting::{Fields, SortKind};
use super::value::*;
use super::{
    Example, FunctionRow, Invoke, Output, Param, Property, Returns, along, bits, calculus,
    classify, compare, composed, create, einsum, histogram, indexing, join, memory, nan, neural,
    pad, product, quantile, rank, rearrange, scatter, sets, shape, signal, sorting, special,
    statistics, writes,
};
use crate::dtype::{Casting, DType};
use crate::error::Result;
use crate::raw::{Mode, Raw};

/// Hands the whole table of functions to a macro: how the typed API makes its functions.
///
/// The head of a row is a signature as Rust writes it, with kinds for types and defaults. What stands behind the `;` are
/// options: in Python they go by name only (or by position, up to `positional`), in Rust they are fields of a struct. In
/// brackets is what comes back: rules for ranks, with the element type where it is not that of the first array.
#[doc(hidden)]
#[macro_export]
macro_rules! function_rows {
    ($callback:ident) => {
        $callback! {
            // ── shapes ──

            /// The same elements under another shape; one length may be -1: whatever is left. A view where the memory allows
            /// it.
            reshape(a: Array, shape: Lengths, order: Order = Order::C; Reshape { copy: OptBool = None }) -> [ByArgument] {
                run shape::reshape, positional_only 1, aliases [], properties [MakesArrays, ScalarMethod, KeepsOrder(0)], torch "torch.reshape", gradient yes,
                example "reshape([1, 2, 3, 4], (2, 2))" => "[[1 2]\n [3 4]]", rust "np::reshape(&tensor![1, 2, 3, 4], [2, 2])?",
                samples ["reshape(x[2, 6], (3, -1))", "reshape(x[4], -1)", "reshape(x[2, 3, 2], (4, 3), 'F')", "reshape(x[2, 3], (3, 2), order='A')", "reshape(x[1, 1], ())", "reshape(x[2, 2], 4, copy=True)"],
                laws [],
            }
            /// All elements under one axis; a view where the memory allows it. `order='K'` reads them as they lie in memory.
            ravel(a: Array, order: Order = Order::C) -> [ByArgument] {
                run shape::ravel, alone |a| shape::ravel(a, Order::C), aliases [], properties [MakesArrays, KeepsOrder(0)], torch "torch.ravel", gradient yes,
                example "ravel([[1, 2], [3, 4]])" => "[1 2 3 4]", rust "np::ravel(&tensor![[1, 2], [3, 4]])",
                samples ["ravel(x[2, 3])", "ravel(x[2, 3, 2], 'F')", "ravel(x[3, 2], order='A')", "ravel(x[3, 2, 2], order='K')", "ravel(x[()])"],
                laws [],
            }
            /// The axes in another order, by default in reverse; a view.
            transpose(a: Array, axes: AxisOrder = None) -> [ByArgument] {
                run shape::transpose, alone |a| a.transpose(), aliases ["permute_dims"], properties [MakesArrays, ScalarMethod, View], torch "torch.permute", gradient yes,
                example "transpose([[1, 2], [3, 4]])" => "[[1 3]\n [2 4]]", rust "np::transpose(&tensor![[1, 2], [3, 4]])",
                samples ["transpose(x[2, 3])", "transpose(x[2, 3, 4], (1, 2, 0))", "transpose(x[2, 3], axes=(-1, 0))"],
                laws ["array_equal(transpose(transpose(x[2, 3, 4])), x[2, 3, 4])"],
            }
            /// The last two axes exchanged; a view.
            matrix_transpose(x: Array) -> [Same] {
                run shape::matrix_transpose, positional_only 1, aliases [], properties [MakesArrays, View], torch "torch.adjoint", gradient yes,
                example "matrix_transpose([[1, 2], [3, 4]])" => "[[1 3]\n [2 4]]", rust "np::matrix_transpose(&tensor![[1, 2], [3, 4]])?",
                samples ["matrix_transpose(x[2, 3])", "matrix_transpose(x[2, 3, 4])"],
                laws [],
            }
            /// Two axes exchanged; a view.
            swapaxes(a: Array, axis1: Axis, axis2: Axis) -> [Same] {
                run shape::swapaxes, method "swapaxes", aliases [], properties [MakesArrays, View], torch "torch.swapaxes", gradient yes,
                example "swapaxes([[1, 2], [3, 4]], 0, 1)" => "[[1 3]\n [2 4]]", rust "np::swapaxes(&tensor![[1, 2], [3, 4]], 0, 1)?",
                samples ["swapaxes(x[2, 3, 4], 0, -1)", "swapaxes(x[2, 3], 1, 1)"],
                laws [],
            }
            /// Axes moved to other places, the rest in order; a view.
            moveaxis(a: Array, source: AxisList, destination: AxisList) -> [Same] {
                run shape::moveaxis, aliases [], properties [MakesArrays, View], torch "torch.movedim", gradient yes,
                example "moveaxis([[1, 2], [3, 4]], 0, -1)" => "[[1 3]\n [2 4]]", rust "np::moveaxis(&tensor![[1, 2], [3, 4]], 0, -1)?",
                samples ["moveaxis(x[2, 3, 4], 0, -1)", "moveaxis(x[2, 3, 4], [0, 1], [-1, -2])"],
                laws ["array_equal(moveaxis(moveaxis(x[2, 3, 4], 0, 2), 2, 0), x[2, 3, 4])"],
            }
            /// One axis moved before another; a view. `moveaxis` is easier to read.
            rollaxis(a: Array, axis: Axis, start: Int = 0) -> [Same] {
                run shape::rollaxis, aliases [], properties [MakesArrays, View], gradient yes,
                example "rollaxis([[1, 2], [3, 4]], 1)" => "[[1 3]\n [2 4]]", rust "np::rollaxis(&tensor![[1, 2], [3, 4]], 1, 0)?",
                samples ["rollaxis(x[2, 3, 4], 2)", "rollaxis(x[2, 3, 4], 0, 3)", "rollaxis(x[2, 3, 4], 1, start=-1)"],
                laws [],
            }
            /// The elements in reverse order along axes, or along all; a view.
            flip(m: Array, axis: Axes = None) -> [Same] {
                run shape::flip, aliases [], properties [View], torch "torch.flip", gradient yes,
                example "flip([[1, 2], [3, 4]], 1)" => "[[2 1]\n [4 3]]", rust "np::flip(&tensor![[1, 2], [3, 4]], 1)?",
                samples ["flip(x[2, 3])", "flip(x[2, 3, 4], axis=(0, -1))", "flip(x[4], 0)"],
                laws ["array_equal(flip(flip(x[2, 3])), x[2, 3])"],
            }
            /// The columns in reverse order; a view.
            fliplr(m: Array) -> [Same] {
                run shape::fliplr, aliases [], properties [View], torch "torch.fliplr", gradient yes,
                example "fliplr([[1, 2], [3, 4]])" => "[[2 1]\n [4 3]]", rust "np::fliplr(&tensor![[1, 2], [3, 4]])?",
                samples ["fliplr(x[2, 3])"],
                laws [],
            }
            /// The rows in reverse order; a view.
            flipud(m: Array) -> [Same] {
                run shape::flipud, aliases [], properties [View], torch "torch.flipud", gradient yes,
                example "flipud([[1, 2], [3, 4]])" => "[[3 4]\n [1 2]]", rust "np::flipud(&tensor![[1, 2], [3, 4]])?",
                samples ["flipud(x[2, 3])", "flipud(x[3])"],
                laws [],
            }
            /// The plane of two axes turned by 90°, `k` times, from the first to the second; a view.
            rot90(m: Array, k: Int = 1, axes: AxisPair = [0, 1]) -> [Same] {
                run shape::rot90, aliases [], properties [WholeFloats, View, KeepsOrder(0)], torch "torch.rot90", gradient yes,
                example "rot90([[1, 2], [3, 4]])" => "[[2 4]\n [1 3]]", rust "np::rot90(&tensor![[1, 2], [3, 4]], 1, [0, 1])?",
                samples ["rot90(x[2, 3])", "rot90(x[2, 3], -1)", "rot90(x[2, 3, 4], k=2, axes=(1, 2))", "rot90(x[2, 3, 4], 3, (2, 0))", "rot90(x[2, 3], 0)"],
                laws ["array_equal(rot90(rot90(x[2, 3]), 3), x[2, 3])"],
            }
            /// Without axes of length 1: those named, or all; a view.
            squeeze(a: Array, axis: Axes = None) -> [ByArgument] {
                run shape::squeeze, alone |a| a.squeeze(None), method "squeeze", aliases [], properties [KeepsItself, MakesArrays, ScalarMethod, View], torch "torch.squeeze", gradient yes,
                example "squeeze([[1, 2]])" => "[1 2]", rust "np::squeeze(&tensor![[1, 2]], 0)?",
                samples ["squeeze(x[1, 2, 1])", "squeeze(x[1, 2, 1], axis=-1)", "squeeze(x[2, 2])", "squeeze(x[1, 3, 1], (0, 2))"],
                laws [],
            }
            /// New axes of length 1 at these places of the result; a view.
            expand_dims(a: Array, axis: AxisList) -> [ByArgument] {
                run shape::expand_dims, aliases [], properties [MakesArrays, View], torch "torch.unsqueeze", gradient yes,
                example "expand_dims([1, 2], 1)" => "[[1]\n [2]]", rust "np::expand_dims(&tensor![1, 2], 1)?",
                samples ["expand_dims(x[2, 3], 0)", "expand_dims(x[2, 3], (1, -1))", "expand_dims(x[()], axis=0)"],
                laws [],
            }
            /// Repeated to a shape without a copy; a view that cannot be written.
            broadcast_to(array: Array, shape: Shape) -> [ByArgument] {
                run shape::broadcast_to, aliases [], properties [MakesArrays, View, ReadOnly, TakesSubok], torch "torch.broadcast_to", gradient yes,
                example "broadcast_to([1, 2], (2, 2))" => "[[1 2]\n [1 2]]", rust "np::broadcast_to(&tensor![1, 2], [2, 2])?",
                samples ["broadcast_to(x[3], (2, 3))", "broadcast_to(x[2, 1], (4, 2, 3))", "broadcast_to(x[()], shape=(2,))"],
                laws [],
            }
            /// All arrays repeated to their common shape; views that cannot be written.
            broadcast_arrays(args: EachArray) -> [tuple ByArgument] {
                run shape::broadcast_arrays, aliases [], properties [MakesArrays, TakesSubok], torch "torch.broadcast_tensors", gradient yes,
                example "broadcast_arrays([1, 2], [[3], [4]])[1]" => "[[3 3]\n [4 4]]", rust "np::broadcast_arrays(&[&tensor![[1, 2]], &tensor![[3], [4]]])?[1]",
                samples ["broadcast_arrays(x[2, 1], x[3])", "broadcast_arrays(x[2])"],
                laws [],
            }
            /// The shape to which these shapes broadcast.
            broadcast_shapes(args: EachShape) -> [plain "tuple[int, ...]"] {
                run shape::common_shape, aliases [], torch "torch.broadcast_shapes", gradient no "its result is no array",
                example "broadcast_shapes((2, 1), (3,))[1]" => "3", rust "np::broadcast_shapes(&[&[2, 1], &[3]])?[1]",
                samples ["broadcast_shapes((2, 1), (3,))", "broadcast_shapes()", "broadcast_shapes(4, (1, 1))"],
                laws [],
            }
            /// The arrays with at least one axis.
            atleast_1d(arys: EachArray) -> [one_or_tuple ByArgument] {
                run shape::atleast_1d, alone |a| shape::deepened(a, 1), aliases [], properties [KeepsItself], torch "torch.atleast_1d", gradient yes,
                example "atleast_1d(5)" => "[5]", rust "np::atleast_1d(&Tensor::scalar(5))?",
                samples ["atleast_1d(x[()])", "atleast_1d(x[2, 3], x[()])"],
                laws [],
            }
            /// The arrays with at least two axes; a vector becomes a row.
            atleast_2d(arys: EachArray) -> [one_or_tuple ByArgument] {
                run shape::atleast_2d, alone |a| shape::deepened(a, 2), aliases [], properties [KeepsItself], torch "torch.atleast_2d", gradient yes,
                example "atleast_2d([1, 2])" => "[[1 2]]", rust "np::atleast_2d(&tensor![1, 2])?",
                samples ["atleast_2d(x[()])", "atleast_2d(x[3], x[2, 3])", "atleast_2d(x[2, 2, 2])"],
                laws [],
            }
            /// The arrays with at least three axes; a matrix gets one behind, a vector one before and one behind.
            atleast_3d(arys: EachArray) -> [one_or_tuple ByArgument] {
                run shape::atleast_3d, alone |a| shape::deepened(a, 3), aliases [], properties [KeepsItself], torch "torch.atleast_3d", gradient yes,
                example "atleast_3d([1, 2])" => "[[[1]\n  [2]]]", rust "np::atleast_3d(&tensor![1, 2])?",
                samples ["atleast_3d(x[()])", "atleast_3d(x[3], x[2, 3])", "atleast_3d(x[2, 2, 2, 2])"],
                laws [],
            }
            /// Lengths of the axes.
            shape(a: Array) -> [plain "tuple[int, ...]"] {
                run shape::shape, aliases [], gradient no "its result is no array",
                example "shape([[1, 2]])[1]" => "2", rust "tensor![[1, 2]].shape()[1]",
                samples ["shape(x[2, 3])", "shape(x[()])"],
                laws [],
            }
            /// Number of axes.
            ndim(a: Array) -> [plain "int"] {
                run shape::ndim, aliases [], gradient no "its result is no array",
                example "ndim([[1, 2]])" => "2", rust "tensor![[1, 2]].rank()",
                samples ["ndim(x[2, 3])", "ndim(3.5)"],
                laws [],
            }
            /// Number of elements, of all or along axes.
            size(a: Array, axis: Axes = None) -> [plain "int"] {
                run shape::size, aliases [], torch "torch.numel", gradient no "its result is no array",
                example "size([[1, 2]])" => "2", rust "tensor![[1, 2]].len()",
                samples ["size(x[2, 3])", "size(x[2, 3], 1)", "size(x[2, 3], axis=-2)"],
                laws [],
            }
            /// A copy in another dtype; with `copy=False` only where it differs.
            astype(x: Array, dtype: Dtype; Astype { copy: Bool = true, device: Device = None }) -> [ByArgument] {
                run shape::astype, positional_only 2, aliases [], properties [MakesArrays, ScalarMethod], torch "torch.Tensor.to", gradient yes,
                example "astype([1, 2], 'float64')" => "[1. 2.]", rust "tensor![1, 2].cast::<f64>()",
                samples ["astype(x[2, 3], 'float32')", "astype(x[2, 3], 'complex128', copy=False)", "astype(x[3], 'int8')"],
                laws [],
            }
            /// A copy with memory of its own, in C order (or Fortran order).
            copy(a: Array, order: Order = Order::K) -> [ByArgument] {
                run shape::copy, aliases [], properties [MakesArrays, TakesSubok, KeepsOrder(0)], torch "torch.clone", gradient yes,
                example "copy([1, 2])" => "[1 2]", rust "tensor![1, 2].copy()",
                samples ["copy(x[2, 3])", "copy(x[2, 3], 'F')", "copy(x[()], order='C')"],
                laws [],
            }
            /// The array in C order, with at least one axis: itself where it lies so already, else a copy.
            ascontiguousarray(a: Array, dtype: OptDType = None) -> [ByArgument] {
                run shape::ascontiguousarray, aliases [], properties [KeepsItself, MakesArrays, TakesLike, KeepsOrder(0)], torch "torch.Tensor.contiguous", gradient yes,
                example "ascontiguousarray([1, 2])" => "[1 2]", rust "tensor![1, 2].contiguous()",
                samples ["ascontiguousarray(x[2, 3])", "ascontiguousarray(x[()])", "ascontiguousarray(x[2], dtype='float32')"],
                laws [],
            }
            /// The diagonals of the planes of two axes, as a new last axis; a view where the memory allows it.
            diagonal(a: Array, offset: Int = 0, axis1: Axis = 0, axis2: Axis = 1) -> [Minus1] {
                run shape::diagonal, method "diagonal", aliases [], properties [MakesArrays, View, ReadOnly], torch "torch.diagonal", gradient yes,
                example "diagonal([[1, 2], [3, 4]])" => "[1 4]", rust "np::diagonal(&tensor![[1, 2], [3, 4]], 0, 0, 1)?",
                samples ["diagonal(x[3, 4])", "diagonal(x[3, 4], 1)", "diagonal(x[4, 2], -1)", "diagonal(x[2, 3, 4], offset=1, axis1=1, axis2=2)", "diagonal(x[2, 3, 3], 0, 2, 0)", "diagonal(x[2, 2], 5)", "diagonal(x[2, 2], -3)"],
                laws [],
            }

            // ── joining and cutting ──

            /// Arrays joined along an axis that they have; with `axis=None` flattened.
            concatenate(arrays: Numbers, axis: AxisOrFlat = 0, out: Out = None; Concatenate { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run join::concatenate, together |all| Raw::concatenate(all, 0), positional_only 1, aliases ["concat"], properties [Joins, OutOrDtype], torch "torch.cat", gradient yes,
                example "concatenate([[1, 2], [3]])" => "[1 2 3]", rust "np::concatenate(&[&tensor![1, 2], &tensor![3]], 0)?",
                samples ["concatenate([x[2, 3], x[1, 3]], 0)", "concatenate([x[2, 3], x[2, 1]], axis=-1)", "concatenate((x[2], x[2, 2]), axis=None)", "concatenate([x[2], x[2]], dtype='complex128')", "concatenate([x[2], x[2]], dtype='int8', casting='unsafe')"],
                laws [],
            }
            /// Arrays of one shape joined along a new axis.
            stack(arrays: Arrays, axis: Axis = 0, out: Out = None; Stack { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run join::stack, together |all| Raw::stack(all, 0), aliases [], properties [Joins, OutOrDtype], torch "torch.stack", gradient yes,
                example "stack([[1, 2], [3, 4]], axis=1)" => "[[1 3]\n [2 4]]", rust "np::stack(&[&tensor![1, 2], &tensor![3, 4]], 1)?",
                samples ["stack([x[2, 3], x[2, 3]])", "stack([x[2, 3], x[2, 3]], -1)", "stack([x[2], x[2]], axis=1, dtype='complex64')"],
                laws [],
            }
            /// Arrays joined along the second axis, vectors along their only one.
            hstack(tup: Arrays; Hstack { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run join::hstack, aliases [], properties [Joins], torch "torch.hstack", gradient yes,
                example "hstack([[1, 2], [3]])" => "[1 2 3]", rust "np::hstack(&[&tensor![1, 2], &tensor![3]])?",
                samples ["hstack([x[2], x[3]])", "hstack([x[2, 3], x[2, 1]])", "hstack([x[()], x[()]])", "hstack([x[2], x[1]], dtype='complex128')"],
                laws [],
            }
            /// Arrays joined along the first axis; a vector is a row.
            vstack(tup: Arrays; Vstack { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run join::vstack, aliases [], properties [Joins], torch "torch.vstack", gradient yes,
                example "vstack([[1, 2], [3, 4]])" => "[[1 2]\n [3 4]]", rust "np::vstack(&[&tensor![1, 2], &tensor![3, 4]])?",
                samples ["vstack([x[3], x[3]])", "vstack([x[2, 3], x[1, 3]])", "vstack([x[()], x[()]])", "vstack([x[2], x[2]], dtype='complex128')"],
                laws [],
            }
            /// Arrays joined along the third axis.
            dstack(tup: Arrays) -> [AtLeast3] {
                run join::dstack, aliases [], torch "torch.dstack", gradient yes,
                example "dstack([[1, 2], [3, 4]])" => "[[[1 3]\n  [2 4]]]", rust "np::dstack(&[&tensor![1, 2], &tensor![3, 4]])?",
                samples ["dstack([x[3], x[3]])", "dstack([x[2, 3], x[2, 3]])", "dstack([x[2, 2, 1], x[2, 2, 2]])", "dstack([x[()], x[()]])"],
                laws [],
            }
            /// Vectors as the columns of a matrix; matrices are joined along the second axis.
            column_stack(tup: Arrays) -> [AtLeast2] {
                run join::column_stack, aliases [], torch "torch.column_stack", gradient yes,
                example "column_stack([[1, 2], [3, 4]])" => "[[1 3]\n [2 4]]", rust "np::column_stack(&[&tensor![1, 2], &tensor![3, 4]])?",
                samples ["column_stack([x[3], x[3]])", "column_stack([x[2], x[2, 3]])"],
                laws [],
            }
            /// The values behind the array, along an axis; without an axis both are flattened.
            append(arr: Array, values: Array, axis: AxisOrFlat = None) -> [ByArgument] {
                run join::append, aliases [], gradient yes,
                example "append([1, 2], [3])" => "[1 2 3]", rust "np::append(&tensor![1, 2], &tensor![3], 0)?",
                samples ["append(x[2, 3], x[2])", "append(x[2, 3], x[1, 3], 0)", "append(x[2, 2], x[2, 1], axis=-1)", "append(x[2], 3)"],
                laws [],
            }
            /// The arrays along an axis, which goes.
            unstack(x: Array, axis: Axis = 0) -> [tuple Minus1] {
                run join::unstack, positional_only 1, positional 1, aliases [], torch "torch.unbind", gradient yes,
                example "unstack([[1, 2], [3, 4]])[1]" => "[3 4]", rust "np::unstack(&tensor![[1, 2], [3, 4]], 0)?[1]",
                samples ["unstack(x[2, 3])", "unstack(x[2, 3, 2], axis=-1)", "unstack(x[0, 2])"],
                laws [],
            }
            /// The array cut along an axis, into parts of one length or before the places of a list; views.
            split(ary: Array, indices_or_sections: Sections, axis: Axis = 0) -> [list Same] {
                run join::split, aliases [], torch "torch.tensor_split", gradient yes,
                example "split([1, 2, 3, 4], 2)[1]" => "[3 4]", rust "np::split(&tensor![1, 2, 3, 4], 2, 0)?[1]",
                samples ["split(x[4, 3], 2)", "split(x[2, 6], [2, 3], axis=1)", "split(x[5], [3, 1, 9])", "split(x[5], (-2,))", "split(x[3, 2], 3, -2)"],
                laws ["array_equal(concatenate(split(x[6, 2], 3)), x[6, 2])"],
            }
            /// As `split`, into parts whose lengths differ by one at most.
            array_split(ary: Array, indices_or_sections: Sections, axis: Axis = 0) -> [list Same] {
                run join::array_split, aliases [], torch "torch.tensor_split", gradient yes,
                example "array_split([1, 2, 3], 2)[0]" => "[1 2]", rust "np::array_split(&tensor![1, 2, 3], 2, 0)?[0]",
                samples ["array_split(x[5, 2], 3)", "array_split(x[2], 4)", "array_split(x[2, 5], [1, 4], axis=1)"],
                laws [],
            }
            /// As `split`, along the second axis (of a vector its only one).
            hsplit(ary: Array, indices_or_sections: Sections) -> [list Same] {
                run join::hsplit, aliases [], torch "torch.hsplit", gradient yes,
                example "hsplit([1, 2, 3, 4], 2)[1]" => "[3 4]", rust "np::hsplit(&tensor![1, 2, 3, 4], 2)?[1]",
                samples ["hsplit(x[4], 2)", "hsplit(x[2, 4], [1, 3])", "hsplit(x[2, 4, 2], 2)"],
                laws [],
            }
            /// As `split`, along the first axis.
            vsplit(ary: Array, indices_or_sections: Sections) -> [list Same] {
                run join::vsplit, aliases [], torch "torch.vsplit", gradient yes,
                example "vsplit([[1, 2], [3, 4]], 2)[1]" => "[[3 4]]", rust "np::vsplit(&tensor![[1, 2], [3, 4]], 2)?[1]",
                samples ["vsplit(x[4, 2], 2)", "vsplit(x[4, 2], [1])"],
                laws [],
            }
            /// As `split`, along the third axis.
            dsplit(ary: Array, indices_or_sections: Sections) -> [list Same] {
                run join::dsplit, aliases [], torch "torch.dsplit", gradient yes,
                example "dsplit([[[1, 2]]], 2)[1]" => "[[[2]]]", rust "np::dsplit(&tensor![[[1, 2]]], 2)?[1]",
                samples ["dsplit(x[2, 2, 4], 2)", "dsplit(x[2, 2, 4], [3])"],
                laws [],
            }
            /// Grids of coordinates: each vector repeated along the axes of the others.
            meshgrid(xi: EachArray; Meshgrid { copy: Bool = true, sparse: Bool = false, indexing: Indexing = Indexing::Xy }) -> [tuple ByArgument] {
                run join::meshgrid, aliases [], torch "torch.meshgrid", gradient yes,
                example "meshgrid([1, 2], [3, 4])[1]" => "[[3 3]\n [4 4]]", rust "np::meshgrid([&tensor![1, 2], &tensor![3, 4]], np::Meshgrid::default())?[1]",
                samples ["meshgrid(x[2], x[3])", "meshgrid(x[2], x[3], indexing='ij')", "meshgrid(x[2], x[3], x[4], sparse=True)", "meshgrid(x[3], copy=False)", "meshgrid(x[()], x[2])"],
                laws [],
            }

            // ── moving, repeating, leaving out ──

            /// The elements moved along axes; what falls off at one end comes back at the other. Without an axis they are
            /// moved in C order.
            roll(a: Array, shift: Shifts, axis: Axes = None) -> [Same] {
                run rearrange::roll, aliases [], properties [MakesArrays, KeepsOrder(0)], torch "torch.roll", gradient yes,
                example "roll([0, 1, 2, 3, 4], 2)" => "[3 4 0 1 2]", rust "np::roll(&tensor![0, 1, 2, 3, 4], 2, ..)?",
                samples ["roll(x[3, 4], [1, 2], axis=[0, 1])", "roll(x[2, 3], -1, axis=0)", "roll(x[2, 3], 2)", "roll(x[0], 1)", "roll(x[4], 1, (0, 0))", "roll(x[2, 3], (1, -4), 1)", "roll(x[3], 3, 0)", "roll(x[()], 1)"],
                laws ["array_equal(roll(roll(x[3, 4], 5, 1), -5, 1), x[3, 4])"],
            }
            /// Each element repeated, so many times or each by its own count.
            repeat(a: Array, repeats: Times, axis: AxisOrFlat = None) -> [Along] {
                run rearrange::repeat, method "repeat", aliases [], properties [KeepsOrder(0)], torch "torch.repeat_interleave", gradient yes,
                example "repeat([1, 2], 2)" => "[1 1 2 2]", rust "np::repeat(&tensor![1, 2], 2, ..)?",
                samples ["repeat(x[2, 3], 2)", "repeat(x[2, 3], [1, 2], axis=0)", "repeat(x[2, 3], 3, 1)", "repeat(x[2, 3], (0, 2, 1), -1)", "repeat(x[2], 0)", "repeat(x[2, 2], 1)", "repeat(x[3], [2], axis=0)", "repeat(x[()], 3)"],
                laws [],
            }
            /// The array repeated along each axis.
            tile(A: Array, reps: Ints) -> [Dynamic] {
                run rearrange::tile, aliases [], properties [MakesArrays, KeepsOrder(0)], torch "torch.tile", gradient yes,
                example "tile([1, 2], 2)" => "[1 2 1 2]", rust "np::tile(&tensor![1, 2], 2)?",
                samples ["tile(x[2, 3], 2)", "tile(x[2, 3], (2, 1))", "tile(x[3], (2, 2))", "tile(x[2, 2], (1, 1))", "tile(x[2], 0)", "tile(x[2, 2, 2], [2])", "tile(x[()], 3)", "tile(x[2], ())"],
                laws [],
            }
            /// The elements at indices along an axis, or of the flattened array.
            take(a: Array, indices: Indices, axis: AxisOrFlat = None, out: Out = None, mode: Mode = Mode::Raise) -> [ByArgument] {
                run rearrange::take, method "take", aliases [], properties [WritesBack, KeepsOrder(0)], torch "torch.index_select", gradient yes,
                example "take([1, 2, 3], [-1, 0])" => "[3 1]", rust "np::take(&tensor![1, 2, 3], &tensor![-1, 0], 0)?",
                samples ["take(x[3, 4], [0, -1], axis=1)", "take(x[3, 4], [[5, 2]])", "take(x[3], 1)", "take(x[4], [7, -9], mode='wrap')", "take(x[4], [7, -9], 0, mode='clip')", "take(x[2, 3], [], 0)"],
                laws [],
            }
            /// Without the elements at these places along an axis; without an axis of the flattened array.
            delete(arr: Array, obj: Positions, axis: AxisOrFlat = None) -> [Along] {
                run rearrange::delete, aliases [], properties [KeepsOrder(0)], gradient yes,
                example "delete([1, 2, 3], 1)" => "[1 3]", rust "np::delete(&tensor![1, 2, 3], 1, 0)?",
                samples ["delete(x[4, 3], 1, 0)", "delete(x[4, 3], [0, 2], axis=1)", "delete(x[6], slice(1, 5, 2))", "delete(x[2, 3], -1)", "delete(x[4], [True, False, True, False])", "delete(x[4], [])", "delete(x[5], slice(4, 1, -1))", "delete(x[5], [3, 3, 0])"],
                laws [],
            }
            /// With values put in before these places along an axis; without an axis into the flattened array.
            insert(arr: Array, obj: Positions, values: Values, axis: AxisOrFlat = None) -> [ByArgument] {
                run rearrange::insert, aliases [], properties [KeepsOrder(0)], gradient yes,
                example "insert([1, 3], 1, 2)" => "[1 2 3]", rust "np::insert(&tensor![1, 3], 1, &tensor![2], 0)?",
                samples ["insert(x[3, 2], 1, x[2], axis=0)", "insert(x[3, 2], 1, x[3], axis=1)", "insert(x[4], [1, 3], [8, 9])", "insert(x[4], [2, 0, 2], [7, 8, 9])", "insert(x[2, 3], -1, 5, 1)", "insert(x[3], slice(0, 3, 2), 5)", "insert(x[3, 2], [1], x[1, 2], axis=0)", "insert(x[3], 3, [1, 2])", "insert(x[3], [], 2)", "insert(x[2, 2], 1, 7)"],
                laws [],
            }
            /// The elements in C order, again and again until the new shape is full.
            resize(a: Array, new_shape: Shape) -> [ByArgument] {
                run rearrange::resize, aliases [], properties [MakesArrays], gradient yes,
                example "resize([1, 2, 3], (2, 2))" => "[[1 2]\n [3 1]]", rust "np::resize(&tensor![1, 2, 3], [2, 2])?",
                samples ["resize(x[2, 3], (3, 4))", "resize(x[4], 2)", "resize(x[2, 2], (2, 2))", "resize(x[0], (2, 2))", "resize(x[3], (0, 2))"],
                laws [],
            }
            /// The lower triangle of the last two axes, up to the `k`-th diagonal; zeros above it.
            tril(m: Array, k: Int = 0) -> [AtLeast2] {
                run rearrange::tril, aliases [], properties [WholeFloats], torch "torch.tril", gradient yes,
                example "tril([[1, 2], [3, 4]])" => "[[1 0]\n [3 4]]", rust "np::tril(&tensor![[1, 2], [3, 4]], 0)?",
                samples ["tril(x[3, 3])", "tril(x[3, 4], 1)", "tril(x[2, 3, 3], k=-1)", "tril(x[3])", "tril(x[2, 2], -9)"],
                laws ["array_equal(tril(x[3, 4]) + triu(x[3, 4], 1), x[3, 4])"],
            }
            /// The upper triangle of the last two axes, from the `k`-th diagonal on; zeros below it.
            triu(m: Array, k: Int = 0) -> [AtLeast2] {
                run rearrange::triu, aliases [], properties [WholeFloats], torch "torch.triu", gradient yes,
                example "triu([[1, 2], [3, 4]])" => "[[1 2]\n [0 4]]", rust "np::triu(&tensor![[1, 2], [3, 4]], 0)?",
                samples ["triu(x[3, 3])", "triu(x[3, 4], 1)", "triu(x[2, 3, 3], k=-1)", "triu(x[3])", "triu(x[2, 2], 9)"],
                laws [],
            }
            /// A vector as the `k`-th diagonal of a matrix, or the `k`-th diagonal of a matrix.
            diag(v: Array, k: Int = 0) -> [Diagonal] {
                run rearrange::diag, aliases [], properties [ReadOnly, KeepsOrder(0)], torch "torch.diag", gradient yes,
                example "diag([1, 2])" => "[[1 0]\n [0 2]]", rust "np::diag(&tensor![1, 2], 0)?",
                samples ["diag(x[3])", "diag(x[2], 1)", "diag(x[2], k=-2)", "diag(x[3, 4], 1)", "diag(x[0])"],
                laws ["array_equal(diag(diag(x[3], 1), 1), x[3])"],
            }
            /// All elements as the `k`-th diagonal of a matrix.
            diagflat(v: Array, k: Int = 0) -> [Matrix] {
                run rearrange::diagflat, aliases [], properties [KeepsOrder(0)], torch "torch.diagflat", gradient yes,
                example "diagflat([[1], [2]])" => "[[1 0]\n [0 2]]", rust "np::diagflat(&tensor![[1], [2]], 0)?",
                samples ["diagflat(x[2, 2])", "diagflat(x[3], 1)", "diagflat(x[2], k=-1)", "diagflat(x[()])"],
                laws [],
            }
            /// The array with a border.
            ///
            /// `constant_values` and `end_values` (of `'linear_ramp'`) are numbers for all sides or for each; `stat_length`
            /// limits how many elements at an end count for `'maximum'`, `'mean'`, `'median'` and `'minimum'`. `pad_width` may name
            /// axes: `{-1: (1, 2)}`. In Python `mode` may be a function, as NumPy's `pad` calls it: it writes the border.
            pad(array: Array, pad_width: Widths, mode: PadMode = PadMode::Constant;
                Pad { stat_length: OptWidths = None, constant_values: Edges = None, end_values: Edges = None, reflect_type: OptReflectType = None }) -> [Same] {
                run pad::pad, aliases [], properties [MakesArrays, KeepsOrder(0)], torch "torch.nn.functional.pad", gradient yes,
                example "pad([1, 2], 1)" => "[0 1 2 0]", rust "np::pad(&tensor![1, 2], 1, np::PadMode::Constant, np::Pad::default())?",
                samples [
                    "pad(x[2, 3], (1, 2), 'edge')", "pad(x[4], 2, mode='edge')", "pad(x[2], 1, constant_values=7)",
                    "pad(x[2, 3], ((1, 0), (2, 3)), constant_values=((1, 2), (3, 4)))", "pad(x[2, 2], 0)", "pad(x[0, 2], ((1, 1), (0, 0)))", "pad(x[()], 3)",
                    "pad(x[5], 3, 'reflect')", "pad(x[3], (7, 5), 'reflect')", "pad(x[3], (4, 9), 'reflect', reflect_type='odd')", "pad(x[1], 2, 'reflect')",
                    "pad(x[2, 3], ((2, 1), (1, 4)), 'symmetric')", "pad(x[3], (8, 2), 'symmetric', reflect_type='odd')", "pad(x[3], (7, 8), 'symmetric')",
                    "pad(x[3], (4, 5), 'wrap')", "pad(x[2, 3], ((1,), (2,)), 'wrap')",
                    "pad(x[4], (3, 2), 'linear_ramp', end_values=(5, 9))", "pad(x[2, 3], 2, 'linear_ramp')",
                    "pad(x[2, 3], 1, 'maximum')", "pad(x[4], (1, 2), 'minimum', stat_length=2)", "pad(x[2, 4], (1, 2), 'mean', stat_length=((1, 2), (3, 9)))", "pad(x[2, 3], 1, 'mean')",
                    "pad(x[2, 3], 1, 'median')", "pad(x[4], (2, 3), 'median', stat_length=(2, 3))", "pad(x[2, 3], [[1, 2]])", "pad(x[2, 3], [[1], [2]], 'edge')",
                ],
                laws ["array_equal(pad(x[3, 4], 2, 'wrap')[2:-2, 2:-2], x[3, 4])"],
            }

            // ── new arrays ──

            /// Ones on the `k`-th diagonal of a matrix, zeros elsewhere.
            eye(N: Count, M: OptCount = None, k: Diagonal = 0, dtype: OptDType = DType::F64, order: Order = Order::C; Eye { device: Device = None }) -> [ByArgument] {
                run create::eye, aliases [], properties [TakesLike, MakesLeaves], torch "torch.eye", gradient no "it has no arrays as arguments",
                example "eye(2)" => "[[1. 0.]\n [0. 1.]]", rust "np::eye(2)",
                samples ["eye(3)", "eye(2, 3, 1)", "eye(3, k=-1, dtype='int8')", "eye(0)", "eye(2, 3, 1, 'int16', 'F')"],
                laws [],
            }
            /// The identity matrix.
            identity(n: Count, dtype: OptDType = None) -> [ByArgument] {
                run create::identity, aliases [], properties [TakesLike, MakesLeaves], torch "torch.eye", gradient no "it has no arrays as arguments",
                example "identity(2)" => "[[1. 0.]\n [0. 1.]]", rust "np::identity(2)",
                samples ["identity(3)", "identity(2, 'int8')"],
                laws [],
            }
            /// Ones on and below the `k`-th diagonal of a matrix, zeros above it.
            tri(N: Count, M: OptCount = None, k: Int = 0, dtype: OptDType = DType::F64) -> [ByArgument] {
                run create::tri, aliases [], properties [WholeFloats, TakesLike, MakesLeaves], gradient no "it has no arrays as arguments",
                example "tri(2)" => "[[1. 0.]\n [1. 1.]]", rust "np::tri(2, 2, 0)?",
                samples ["tri(3)", "tri(2, 4)", "tri(3, 3, 1, 'int8')", "tri(3, k=-2, dtype='bool')", "tri(3, 2, 9)"],
                laws [],
            }
            /// The indices of the elements of an array of this shape, an array for each axis, under a new first axis; with
            /// `sparse` a tuple of arrays that broadcast to it.
            indices(dimensions: Shape, dtype: OptDType = DType::I64, sparse: Bool = false) -> [one_or_tuple ByArgument] {
                run create::indices, aliases [], gradient no "its result is an index",
                example "indices((1, 2))" => "[[[0 0]]\n\n [[0 1]]]", rust "np::indices([1, 2])?",
                samples ["indices((2, 3))", "indices((2, 3), dtype='int32')", "indices((2, 3), sparse=True)", "indices((4,))", "indices((0, 2))"],
                laws [],
            }
            /// Powers of a vector as columns, from the highest to the 0th, or with `increasing` the other way.
            vander(x: Array, N: OptCount = None, increasing: Bool = false) -> [ByArgument] {
                run create::vander, aliases [], torch "torch.vander", gradient yes,
                example "vander([2, 3])" => "[[2 1]\n [3 1]]", rust "np::vander(&tensor![2, 3], 2, false)?",
                samples ["vander(x[3])", "vander(x[3], 4)", "vander(x[3], N=2, increasing=True)", "vander(x[2], 0)", "vander(x[0])"],
                laws [],
            }
            /// `num` values evenly spaced from `start` to `stop`, which is the last one unless `endpoint=False`.
            linspace(start: Number, stop: Number, num: Count = 50, endpoint: Bool = true, retstep: Bool = false, dtype: OptDType = None, axis: Axis = 0;
                Linspace { device: Device = None }) -> [asked ByArgument, ByArgument if retstep] {
                run create::linspace, aliases [], properties [MakesLeaves], torch "torch.linspace", gradient yes,
                example "linspace(0, 1, 5)" => "[0.   0.25 0.5  0.75 1.  ]", rust "np::linspace(0, 1, 5)",
                samples ["linspace(0, 1, 5)", "linspace(2, -3, 4, False)", "linspace(0, 1, 3, retstep=True)", "linspace(x[3], 2, 4)", "linspace(x[2], x[2, 1], 3, axis=-1)", "linspace(0, 9, 5, dtype='int64')", "linspace(1, 2, 0)", "linspace(1, 2, 1)"],
                laws [],
            }
            /// `base` to the powers `linspace(start, stop, num)`.
            logspace(start: Number, stop: Number, num: Count = 50, endpoint: Bool = true, base: Number = 10.0, dtype: OptDType = None, axis: Axis = 0) -> [ByArgument] {
                run create::logspace, aliases [], properties [MakesLeaves], torch "torch.logspace", gradient yes,
                example "logspace(0, 2, 3)" => "[  1.  10. 100.]", rust "np::logspace(0, 2, 3)?",
                samples ["logspace(0, 2, 3)", "logspace(0, 3, 4, base=2)", "logspace(x[2], 2.0, 3, False)", "logspace(x[2], 3, 4, base=2.0, axis=1)", "logspace(0, 1, 2, dtype='float32')"],
                laws [],
            }
            /// `num` values from `start` to `stop` of which each is the one before times a constant.
            geomspace(start: Array, stop: Array, num: Count = 50, endpoint: Bool = true, dtype: OptDType = None, axis: Axis = 0) -> [ByArgument] {
                run create::geomspace, aliases [], properties [MakesLeaves], gradient yes,
                example "geomspace(1, 8, 4)" => "[1. 2. 4. 8.]", rust "np::geomspace(1, 8, 4)?",
                samples ["geomspace(1, 8, 4)", "geomspace(-1, -1000, 4)", "geomspace(1, 256, 8, endpoint=False)", "geomspace([1, 2], 16, 3, axis=1)", "geomspace(1, 1000, 3, dtype='float32')"],
                laws [],
            }
            /// Where each index is, in a new last axis: 1, and 0 elsewhere. Without `num_classes` as many as the largest index needs.
            one_hot(x: Array, num_classes: OptCount = None, dtype: OptDType = None) -> [ByArgument] {
                run create::one_hot, aliases [], properties [ReadsValues], torch "torch.nn.functional.one_hot", gradient no "its argument is an index",
                example "one_hot([0, 2])" => "[[1. 0. 0.]\n [0. 0. 1.]]", rust "tensor![0, 2].one_hot::<f64>(3)?",
                oracle "lambda x, num_classes=None, dtype=None: np.eye(np.max(x) + 1 if num_classes is None else num_classes, dtype=dtype or 'float64')[np.asarray(x)]",
                samples ["one_hot([0, 2, 1])", "one_hot([[0], [1]], 3)", "one_hot([1, 0], num_classes=2, dtype='int8')"],
                laws [],
            }
            /// Where elements are not zero: a tuple with an array of indices for each axis.
            nonzero(a: Array) -> [tuple Vector of i64] {
                run create::nonzero, alone create::nonzero, method "nonzero", aliases [], properties [ReadsValues], torch "torch.nonzero", gradient no "its result is an index",
                example "nonzero([0, 5, 7])[0]" => "[1 2]", rust "np::nonzero(&tensor![0, 5, 7])?[0]",
                samples ["nonzero(x[2, 3])", "nonzero([[0, 1], [2, 0]])", "nonzero(x[0, 2])"],
                laws [],
            }

            // ── products ──

            /// The matrix product over the last two axes, batched over the rest; `a @ b`. A vector on the left is a row, on the
            /// right a column.
            matmul(x1: Array, x2: Array, out: Out = None; Matmul { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run product::matmul, positional_only 2, aliases [], properties [Product, Generalised("(n?,k),(k,m?)->(n?,m?)")], torch "torch.matmul", gradient yes,
                example "matmul([[1, 2], [3, 4]], [1, 1])" => "[3 7]", rust "np::matmul(&tensor![[1, 2], [3, 4]], &tensor![1, 1])?",
                samples ["matmul(x[2, 3], x[3, 4])", "matmul(x[3], x[3])", "matmul(x[2, 2, 3], x[3])", "matmul(x[3], x[2, 3, 2])", "matmul(x[2, 1, 2, 3], x[4, 3, 2])", "matmul(x[2, 2], x[2, 2], dtype='complex128')", "matmul(x[2, 0], x[0, 3])"],
                laws [],
            }
            /// The dot product: of two vectors a number, of matrices their product, of more axes a sum over the last axis of `a`
            /// and the second-to-last of `b`.
            dot(a: Array, b: Array, out: Out = None) -> [ByArgument] {
                run product::dot, method "dot", aliases [], properties [Product, ExactOut], torch "torch.dot", gradient yes,
                example "dot([1, 2], [3, 4])" => "11", rust "np::dot(&tensor![1, 2], &tensor![3, 4])?",
                samples ["dot(x[3], x[3])", "dot(x[2, 3], x[3, 4])", "dot(x[2, 3], x[2, 3, 4])", "dot(x[2, 3], 2)", "dot(x[2, 2, 3], x[3])"],
                laws [],
            }
            /// The dot product of all elements, those of the first conjugated.
            vdot(a: Array, b: Array) -> [Scalar] {
                run product::vdot, positional_only 2, aliases [], torch "torch.vdot", gradient yes,
                example "vdot([1, 2], [3, 4])" => "11", rust "np::vdot(&tensor![1, 2], &tensor![3, 4])?",
                samples ["vdot(x[3], x[3])", "vdot(x[2, 3], x[3, 2])"],
                laws [],
            }
            /// Sums of products over the last axes of both.
            inner(a: Array, b: Array) -> [Dynamic] {
                run product::inner, positional_only 2, aliases [], properties [Product], torch "torch.inner", gradient yes,
                example "inner([1, 2], [3, 4])" => "11", rust "np::inner(&tensor![1, 2], &tensor![3, 4])?",
                samples ["inner(x[3], x[3])", "inner(x[2, 3], x[4, 3])", "inner(x[2, 3], 2)", "inner(x[2, 2, 3], x[3])"],
                laws [],
            }
            /// The products of each element of one array with each of another, as a matrix.
            outer(a: Array, b: Array, out: Out = None) -> [Matrix] {
                run product::outer, aliases [], properties [Spreads], torch "torch.outer", gradient yes,
                example "outer([1, 2], [3, 4])" => "[[3 4]\n [6 8]]", rust "np::outer(&tensor![1, 2], &tensor![3, 4])?",
                samples ["outer(x[2], x[3])", "outer(x[2, 2], x[2])", "outer(x[2], 3)"],
                laws [],
            }
            /// Sums of products over pairs of axes: so many (the last of the first array and the first of the second), or two
            /// lists of them.
            tensordot(a: Array, b: Array, axes: Contraction = 2) -> [Dynamic] {
                run product::tensordot, aliases [], properties [MakesArrays, Product], torch "torch.tensordot", gradient yes,
                example "tensordot([[1, 2], [3, 4]], [1, 1], 1)" => "[3 7]", rust "np::tensordot(&tensor![[1, 2], [3, 4]], &tensor![1, 1], 1)?",
                samples ["tensordot(x[2, 3], x[2, 3])", "tensordot(x[2, 3, 4], x[3, 4, 2], 2)", "tensordot(x[2, 3], x[3, 4], axes=1)", "tensordot(x[2, 3, 4], x[4, 2], ([0, 2], [1, 0]))", "tensordot(x[2], x[3], 0)", "tensordot(x[2, 3], x[3], axes=(1, 0))"],
                laws [],
            }
            /// The Kronecker product: the second array times each element of the first, put together.
            kron(a: Array, b: Array) -> [Larger] {
                run product::kron, aliases [], torch "torch.kron", gradient yes,
                example "kron([1, 10], [1, 2])" => "[ 1  2 10 20]", rust "np::kron(&tensor![1, 10], &tensor![1, 2])?",
                samples ["kron(x[2], x[3])", "kron(x[2, 2], x[1, 3])", "kron(x[2, 2], x[2])", "kron(x[2], x[2, 3, 2])", "kron(3, x[2])"],
                laws [],
            }
            /// The Kronecker products of the columns of two matrices, side by side. SciPy's `linalg.khatri_rao`; leading axes are a batch.
            khatri_rao(a: Array, b: Array) -> [Larger] {
                run product::khatri_rao, aliases [], gradient yes,
                example "khatri_rao([[1, 2], [3, 4]], [[1, 10]])" => "[[ 1 20]\n [ 3 40]]", rust "np::khatri_rao(&tensor![[1, 2], [3, 4]], &tensor![[1, 10]])?",
                oracle "lambda a, b: (a[..., :, None, :] * b[..., None, :, :]).reshape(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + (-1, a.shape[-1]))",
                samples ["khatri_rao(x[2, 3], x[4, 3])", "khatri_rao(x[2, 2, 3], x[4, 3])"],
                laws ["array_equal(khatri_rao(x[2, 3], x[4, 3])[:, 1], kron(x[2, 3][:, 1], x[4, 3][:, 1]))"],
            }
            /// `x @ w + b`, in one piece of memory: a linear layer with `w` as NumPy multiplies. Narrow floats are rounded after the product and
            /// after the sum.
            matmul_bias(x: Array, w: Array, b: Array) -> [ByArgument] {
                run product::matmul_bias, aliases [], torch "torch.addmm", gradient yes,
                example "matmul_bias([[1, 2]], [[3, 4], [5, 6]], [10, 20])" => "[[23 36]]", rust "np::matmul_bias(&tensor![[1, 2]], &tensor![[3, 4], [5, 6]], &tensor![10, 20])?",
                oracle "lambda x, w, b: np.matmul(x, w) + b",
                samples ["matmul_bias(x[2, 3], x[3, 4], x[4])", "matmul_bias(x[2, 2, 3], x[3, 2], x[2])", "matmul_bias(x[3], x[3, 2], x[2])", "matmul_bias(x[2, 3], x[3, 2], x[()])", "matmul_bias(x[2, 3], x[3, 2], x[2, 2, 2])"],
                laws [],
            }
            /// Matrix products by groups of an axis, which end at `offs` and begin where the one before ends. The groups are rows of `a`, each for
            /// a matrix of `b` (`(M, K)` with `(groups, K, N)`), columns of `b` (`(groups, M, K)` with `(K, N)`), or parts of the axis that is summed
            /// over, of two matrices, which make a matrix each. Behind the last group is 0.
            grouped_matmul(a: Array, b: Array, offs: Ints) -> [ByArgument] {
                run product::grouped_matmul, aliases [], torch "torch.nn.functional.grouped_mm", gradient yes,
                example "grouped_matmul([[1, 2], [3, 4], [5, 6]], [[[1], [1]], [[10], [10]]], [2, 3])" => "[[  3]\n [  7]\n [110]]", rust "np::grouped_matmul(&tensor![[1, 2], [3, 4], [5, 6]], &tensor![[[1], [1]], [[10], [10]]], [2, 3])?",
                oracle "oracle.grouped_matmul",
                samples ["grouped_matmul(x[5, 3], x[2, 3, 2], [2, 5])", "grouped_matmul(x[5, 3], x[3, 3, 2], [1, 1, 4])", "grouped_matmul(x[2, 3, 2], x[2, 4], [1, 4])", "grouped_matmul(x[2, 4], x[4, 3], [3, 4])", "grouped_matmul(x[2, 4], x[4, 3], [0, 2])"],
                laws [],
            }
            /// A matrix product over another semiring: `add` of `multiply(a[i, k], b[k, j])` over `k`. `min` of `add` are lengths of shortest
            /// paths, `max` of `add` of longest ones, `max` of `min` widths of widest ones, `max` of `multiply` likelihoods; `or` of `and` is
            /// reachability; with either of the two the operands are booleans. The gradient goes to the two elements that a result comes from, the first of equal ones.
            semiring_matmul(a: Array, b: Array, add: SemiringSum = SemiringSum::Min, multiply: SemiringProduct = SemiringProduct::Add) -> [Larger] {
                run product::semiring_matmul, aliases [], gradient yes,
                example "semiring_matmul([[0, 3, 9], [3, 0, 2], [9, 2, 0]], [[0, 3, 9], [3, 0, 2], [9, 2, 0]])" => "[[0 3 5]\n [3 0 2]\n [5 2 0]]", rust "np::semiring_matmul(&tensor![[0, 3, 9], [3, 0, 2], [9, 2, 0]], &tensor![[0, 3, 9], [3, 0, 2], [9, 2, 0]], np::SemiringSum::Min, np::SemiringProduct::Add)?",
                oracle "oracle.semiring_matmul",
                samples ["semiring_matmul(x[2, 3], x[3, 4])", "semiring_matmul(x[2, 3], x[3, 4], 'max')", "semiring_matmul(x[2, 9], x[9, 3], 'max', 'multiply')", "semiring_matmul(x[2, 2, 3], x[3, 2], 'max', 'min')", "semiring_matmul(x[2, 1, 2, 3], x[3, 3, 2], 'min', multiply='max')", "semiring_matmul(x[1, 3], x[3, 2], 'min', 'multiply')"],
                laws ["array_equal(semiring_matmul(x[3, 4] > 1, x[4, 2] > 1, 'or', 'and'), (x[3, 4] > 1) @ (x[4, 2] > 1))"],
            }
            /// The vector product. Vectors lie along `axisa`, `axisb` and, in the result, `axisc`; `axis` is all three.
            cross(a: Array, b: Array, axisa: Axis = -1, axisb: Axis = -1, axisc: Axis = -1, axis: AxisOrFlat = None) -> [ByArgument] {
                run product::cross, aliases [], properties [MakesArrays], torch "torch.linalg.cross", gradient yes,
                example "cross([1, 0, 0], [0, 1, 0])" => "[0 0 1]", rust "np::cross(&tensor![1, 0, 0], &tensor![0, 1, 0], -1)?",
                samples ["cross(x[3], [3, 1, 2])", "cross(x[2, 3], x[3])", "cross(x[3, 2], x[3, 2], axis=0)", "cross(x[3, 2], x[2, 3], 0, 1, axisc=0)"],
                laws ["allclose(cross(x[2, 3], x[2, 3]), 0)"],
            }

            // ── along an axis ──

            /// The running sum along an axis, or over all elements.
            cumsum(a: Array, axis: AxisOrFlat = None, dtype: OptDType = None, out: Out = None) -> [ByArgument] {
                run along::cumsum, method "cumsum", aliases [], properties [Folds], torch "torch.cumsum", gradient yes,
                example "cumsum([1, 2, 3])" => "[1 3 6]", rust "np::cumsum(&tensor![1, 2, 3], 0)?",
                samples ["cumsum(x[2, 3])", "cumsum(x[2, 3], 0)", "cumsum(x[2, 3], axis=-1, dtype='complex128')"],
                laws [],
            }
            /// `e^(x - max) / Σ e^(x - max)` along an axis.
            softmax(x: Array, axis: Axis = -1) -> [ByArgument] {
                run along::softmax, aliases [], torch "torch.softmax", gradient yes,
                example "softmax([0, 0])" => "[0.5 0.5]", rust "np::softmax(&tensor![0.0, 0.0], -1)?",
                oracle "lambda x, axis=-1: (lambda z: (lambda e: e / e.sum(axis=axis, keepdims=True))(np.exp(z - z.max(axis=axis, keepdims=True))))(np.asarray(x).astype(np.exp(x).dtype))",
                samples ["softmax(x[2, 3])", "softmax(x[2, 3], 0)", "softmax(x[3], axis=-1)"],
                laws [],
            }
            /// Differences of neighbours along an axis, `n` times. `prepend` and `append` are put at the ends first.
            diff(a: Array, n: Int = 1, axis: Axis = -1, prepend: OptArray = None, append: OptArray = None) -> [ByArgument] {
                run along::diff, aliases [], properties [MakesArrays], torch "torch.diff", gradient yes,
                example "diff([1, 2, 4])" => "[1 2]", rust "np::diff(&tensor![1, 2, 4], 1, -1)?",
                samples ["diff(x[5])", "diff(x[3, 4], 2)", "diff(x[3, 4], axis=0)", "diff(x[4], prepend=0)", "diff(x[2, 3], 1, 1, x[2, 1], x[2, 2])", "diff(x[3], 0)", "diff(x[2], 5)", "diff(x[2, 3], append=2, axis=0)"],
                laws [],
            }
            /// Differences of neighbours of the flattened array, with values put at the ends.
            ediff1d(ary: Array, to_end: OptArray = None, to_begin: OptArray = None) -> [ByArgument] {
                run along::ediff1d, aliases [], gradient yes,
                example "ediff1d([1, 2, 4])" => "[1 2]", rust "np::ediff1d(&tensor![1, 2, 4])?",
                samples ["ediff1d(x[2, 3])", "ediff1d(x[3], to_begin=x[2])", "ediff1d(x[3], x[1], x[2, 1])", "ediff1d(x[0])"],
                laws [],
            }
            /// The integral by the trapezoidal rule: of values at equal distances `dx`, or at the places `x`.
            trapezoid(y: Array, x: OptArray = None, dx: Number = 1.0, axis: Axis = -1) -> [ByArgument] {
                run along::trapezoid, aliases [], torch "torch.trapezoid", gradient yes,
                example "trapezoid([1, 2, 3])" => "4.0", rust "np::trapezoid(&tensor![1.0, 2.0, 3.0], 1.0, -1)?",
                samples ["trapezoid(x[4])", "trapezoid(x[2, 3], dx=0.5)", "trapezoid(x[2, 3], x[3])", "trapezoid(x[3, 2], [1, 2, 4], axis=0)", "trapezoid(x[2, 3], x[2, 3])"],
                laws [],
            }
            /// The sum of the diagonal of the planes of two axes.
            trace(a: Array, offset: Int = 0, axis1: Axis = 0, axis2: Axis = 1, dtype: OptDType = None, out: Out = None) -> [ByArgument] {
                run along::trace, method "trace", aliases [], properties [Folds], torch "torch.trace", gradient yes,
                example "trace([[1, 2], [3, 4]])" => "5", rust "np::trace(&tensor![[1, 2], [3, 4]], 0)?",
                samples ["trace(x[3, 4])", "trace(x[3, 4], 1)", "trace(x[2, 3, 4], 0, 1, 2)", "trace(x[3, 3], dtype='complex128')", "trace(x[2, 2], offset=5)"],
                laws [],
            }
            /// The number of elements that are not zero, of all or along axes.
            count_nonzero(a: Array, axis: Axes = None; CountNonzero { keepdims: Bool = false }) -> [ByArgument] {
                run along::count_nonzero, alone |a| along::count_nonzero(a, Axes(None), false), aliases [], torch "torch.count_nonzero", gradient no "its result is a count",
                example "count_nonzero([0, 5, 7])" => "2", rust "np::count_nonzero(&tensor![0, 5, 7])",
                samples ["count_nonzero(x[2, 3])", "count_nonzero(x[2, 3], axis=0)", "count_nonzero(x[2, 3], (0, 1), keepdims=True)", "count_nonzero(x[0])"],
                laws [],
            }

            /// The running product along an axis, or over all elements.
            cumprod(a: Array, axis: AxisOrFlat = None, dtype: OptDType = None, out: Out = None) -> [ByArgument] {
                run sorting::cumprod, method "cumprod", aliases [], properties [Folds], torch "torch.cumprod", gradient yes,
                example "cumprod([1, 2, 3])" => "[1 2 6]", rust "np::cumprod(&tensor![1, 2, 3], 0)?",
                samples ["cumprod(x[2, 3])", "cumprod(x[2, 3], 0)", "cumprod(x[2, 3], axis=-1, dtype='complex128')", "cumprod(x[0])"],
                laws ["array_equal(cumprod([[1, 0, 2], [3, 4, 5]], axis=1), [[1, 0, 0], [3, 12, 60]])"],
            }
            /// The running largest elements along an axis, and where each is: of equal ones the last.
            cummax(x: Array, axis: Axis = -1) -> [tuple ByArgument] {
                run sorting::cummax, aliases [], torch "torch.cummax", gradient yes,
                example "cummax([1, 3, 2])[1]" => "[0 1 1]", rust "np::cummax(&tensor![1, 3, 2], 0)?.1",
                oracle "lambda x, axis=-1: (lambda y: (y, np.moveaxis(np.maximum.accumulate(np.where(np.moveaxis(x == y, axis, -1), np.arange(np.shape(x)[axis]), 0), -1), -1, axis)))(np.maximum.accumulate(x, axis))",
                samples ["cummax(x[5])", "cummax(x[3, 4], 0)", "cummax(x[2, 3, 2], axis=1)"],
                laws ["array_equal(cummax([2, 5, 5, 1])[1], [0, 1, 2, 2])"],
            }
            /// The running smallest elements along an axis, and where each is: of equal ones the last.
            cummin(x: Array, axis: Axis = -1) -> [tuple ByArgument] {
                run sorting::cummin, aliases [], torch "torch.cummin", gradient yes,
                example "cummin([2, 3, 1])[1]" => "[0 0 2]", rust "np::cummin(&tensor![2, 3, 1], 0)?.1",
                oracle "lambda x, axis=-1: (lambda y: (y, np.moveaxis(np.maximum.accumulate(np.where(np.moveaxis(x == y, axis, -1), np.arange(np.shape(x)[axis]), 0), -1), -1, axis)))(np.minimum.accumulate(x, axis))",
                samples ["cummin(x[5])", "cummin(x[3, 4], 0)", "cummin(x[2, 3, 2], axis=1)"],
                laws [],
            }
            /// The elements at indices along an axis, one index for each of them; the other axes broadcast.
            take_along_axis(arr: Array, indices: Indices, axis: AxisOrFlat = -1) -> [ByArgument] {
                run sorting::take_along_axis, aliases [], properties [KeepsOrder(0)], torch "torch.take_along_dim", gradient yes,
                example "take_along_axis([[1, 2], [3, 4]], [[1], [0]], 1)" => "[[2]\n [3]]", rust "np::take_along_axis(&tensor![[1, 2], [3, 4]], &tensor![[1], [0]], 1)?",
                oracle "lambda arr, indices, axis=-1: np.take_along_axis(np.asarray(arr), np.asarray(indices), axis)",
                samples ["take_along_axis(x[2, 3], [[0, 2], [1, -1]])", "take_along_axis(x[3, 2], [[2, 0]], axis=0)", "take_along_axis(x[2, 3], [5, 0], None)", "take_along_axis(x[1, 4], [[1], [2]], 1)", "take_along_axis(x[2, 1, 2], [[[1, 1, 0]]], axis=2)"],
                laws ["array_equal(take_along_axis(x[3, 4], argsort(x[3, 4]), -1), sort(x[3, 4]))"],
            }

            // ── sorted ──

            /// The elements along an axis from small to large, or with `descending` from large to small; without an axis of
            /// the flattened array. Every sort is stable. NaN is larger than all numbers.
            sort(a: Array, axis: AxisOrFlat = -1, kind: SortKind = None, order: Fields = None; Sort { stable: OptBool = None, descending: Bool = false }) -> [ByArgument] {
                run sorting::sort, aliases [], properties [KeepsOrder(0)], torch "torch.sort", gradient yes,
                example "sort([3, 1, 2])" => "[1 2 3]", rust "np::sort(&tensor![3, 1, 2], 0)?",
                samples ["sort(x[5])", "sort(x[3, 4], 0)", "sort(x[2, 3, 4], axis=1, kind='stable')", "sort(x[2, 3], None)", "sort(x[3, 4], stable=True)", "sort(x[0])", "sort(x[2, 0])"],
                laws ["array_equal(sort(x[3, 4], descending=True), flip(sort(x[3, 4]), 1))", "array_equal(sort(sort(x[9])), sort(x[9]))"],
            }
            /// The indices that sort an axis, or the flattened array. Equal elements keep their order.
            argsort(a: Array, axis: AxisOrFlat = -1, kind: SortKind = None, order: Fields = None; Argsort { stable: OptBool = None, descending: Bool = false }) -> [ByArgument] {
                run sorting::argsort, method "argsort", aliases [], torch "torch.argsort", gradient no "its result is an index",
                example "argsort([3, 1, 2])" => "[1 2 0]", rust "np::argsort(&tensor![3, 1, 2], 0)?",
                samples ["argsort(x[5], kind='stable')", "argsort(x[3, 4], 0, 'stable')", "argsort(x[2, 3, 4], axis=1, stable=True)", "argsort(x[2, 3], None, stable=True)", "argsort(x[0])"],
                laws ["array_equal(argsort([2, 1, 2, 1], descending=True), [0, 2, 1, 3])"],
            }
            /// The `k` largest elements along an axis, or with `largest=False` the smallest, and their indices; of equal ones the first.
            topk(x: Array, k: Count, axis: Axis = -1, largest: Bool = true, sorted: Bool = true) -> [tuple ByArgument] {
                run sorting::topk, aliases [], torch "torch.topk", gradient yes,
                example "topk([3, 1, 2], 2)[0]" => "[3 2]", rust "np::topk(&tensor![3, 1, 2], 2, 0, true)?.0",
                oracle "lambda x, k, axis=-1, largest=True, sorted=True: (lambda i: (np.take_along_axis(x, i, axis), i))(np.take(np.flip(x.shape[axis] - 1 - np.argsort(np.flip(x, axis), axis, kind='stable'), axis) if largest else np.argsort(x, axis, kind='stable'), np.arange(k), axis))",
                samples ["topk(x[5], 2)", "topk(x[3, 4], 2, 0)", "topk(x[2, 3], 3, axis=1, largest=False)", "topk(x[4], 0)"],
                laws [],
            }
            /// The elements along an axis with the `kth` where a sort would put it, smaller ones before, larger ones behind.
            partition(a: Array, kth: Ints, axis: AxisOrFlat = -1, kind: SelectKind = SelectKind::Introselect, order: Fields = None) -> [ByArgument] {
                run sorting::partition, aliases [], properties [KeepsOrder(0)], torch "torch.kthvalue", gradient yes,
                example "partition([3, 1, 2], [0, 1])" => "[1 2 3]", rust "np::partition(&tensor![3, 1, 2], [0, 1], 0)?",
                samples ["partition(x[5], [0, 1, 2, 3, 4])", "partition(x[3, 4], [0, 1], axis=0)", "partition(x[2, 3], (0, 1, 2, 3, -2), None)", "partition(x[2], 1)"],
                laws ["partition(x[9], 3)[3] == sort(x[9])[3]", "all(partition(x[9], 3)[:3] <= partition(x[9], 3)[3])", "all(partition(x[9], -2)[-2] <= partition(x[9], -2)[-1])"],
            }
            /// The indices of `partition`.
            argpartition(a: Array, kth: Ints, axis: AxisOrFlat = -1, kind: SelectKind = SelectKind::Introselect, order: Fields = None) -> [ByArgument] {
                run sorting::argpartition, method "argpartition", aliases [], gradient no "its result is an index",
                example "argpartition([3, 1, 2], 1)" => "[1 2 0]", rust "np::argpartition(&tensor![3, 1, 2], 1, 0)?",
                oracle "lambda a, kth, axis=-1, kind='introselect', order=None: np.argsort(a, axis, kind='stable')",
                samples ["argpartition(x[5], 2)", "argpartition(x[3, 4], [0, 1], axis=0)", "argpartition(x[2, 3], -1, None)"],
                laws [],
            }
            /// The indices that sort by several keys: by the last one, equal elements by the one before it, and so on.
            lexsort(keys: Arrays, axis: Axis = -1) -> [Same of i64] {
                run sorting::lexsort, aliases [], gradient no "its result is an index",
                example "lexsort([[2, 1, 3], [1, 1, 0]])" => "[2 1 0]", rust "np::lexsort(&[&tensor![2, 1, 3], &tensor![1, 1, 0]], 0)?",
                samples ["lexsort([x[5], [1, 0, 1, 0, 1]])", "lexsort((x[2, 3], x[2, 3]), axis=0)", "lexsort([x[4]])"],
                laws [],
            }
            /// Where values would stand in a sorted vector: before equal elements, or with `side='right'` behind them. `sorter`
            /// are the indices that sort the vector, if it is not.
            searchsorted(a: Array, v: Array, side: Side = Side::Left, sorter: OptArray = None) -> [ByArgument] {
                run sorting::searchsorted, method "searchsorted", aliases [], torch "torch.searchsorted", gradient no "its result is an index",
                example "searchsorted([1, 2, 3], [2, 5])" => "[1 3]", rust "np::searchsorted(&tensor![1, 2, 3], &tensor![2, 5], np::Side::Left)?",
                samples ["searchsorted([1, 2, 2, 3], x[4])", "searchsorted([1, 2, 3], 2, side='right')", "searchsorted([3, 1, 2], x[2, 3], 'left', [1, 2, 0])", "searchsorted([], x[2])", "searchsorted([1, 2, 2, 3, 4, 4, 5], [0, 1, 2, 2.5, 4, 5, 6], 'right')"],
                laws ["searchsorted([1.0, 2.0, float('nan')], float('nan')) == 2", "searchsorted([1.0, float('nan')], float('nan'), 'right') == 2"],
            }
            /// In which of the intervals between `bins` each element is. With `right` an interval has its right end.
            digitize(x: Array, bins: Array, right: Bool = false) -> [ByArgument] {
                run sorting::digitize, aliases [], properties [ReadsValues], torch "torch.bucketize", gradient no "its result is an index",
                example "digitize([1, 5], [0, 2, 4])" => "[1 3]", rust "np::digitize(&tensor![1, 5], &tensor![0, 2, 4], false)?",
                samples ["digitize(x[2, 3], [0, 1, 5])", "digitize(x[4], [5, 1, 0], True)", "digitize(x[4], [1, 1, 1])", "digitize(1, [0, 1, 2], right=True)"],
                laws [],
            }
            /// How often each number from 0 on is there, or the sum of the weights beside it.
            bincount(x: Indices, weights: OptArray = None, minlength: Int = 0) -> [ByArgument] {
                run sorting::bincount, positional_only 1, aliases [], properties [ReadsValues], torch "torch.bincount", gradient yes,
                example "bincount([0, 1, 1])" => "[1 2]", rust "np::bincount(&tensor![0, 1, 1], 0)?",
                samples ["bincount([0, 1, 1, 3])", "bincount([0, 1, 1], weights=x[3])", "bincount([2, 0], None, 5)", "bincount([], minlength=2)"],
                laws [],
            }
            /// The indices of the elements of the flattened array that are not zero.
            flatnonzero(a: Array) -> [Vector of i64] {
                run sorting::flatnonzero, aliases [], properties [ReadsValues], gradient no "its result is an index",
                example "flatnonzero([[0, 5], [7, 0]])" => "[1 2]", rust "np::flatnonzero(&tensor![[0, 5], [7, 0]])?",
                samples ["flatnonzero(x[2, 3])", "flatnonzero([0, 1, 0, 2])"],
                laws [],
            }
            /// The indices of the elements that are not zero, each as a row.
            argwhere(a: Array) -> [Matrix of i64] {
                run sorting::argwhere, aliases [], properties [ReadsValues], torch "torch.argwhere", gradient no "its result is an index",
                example "argwhere([[0, 5], [7, 0]])" => "[[0 1]\n [1 0]]", rust "np::argwhere(&tensor![[0, 5], [7, 0]])?",
                samples ["argwhere(x[2, 3])", "argwhere([0, 1, 0, 2])", "argwhere(x[0, 2])", "argwhere(3)", "argwhere(0)"],
                laws [],
            }
            /// The largest element minus the smallest, of all or along axes.
            ptp(a: Array, axis: Axes = None, out: Out = None, keepdims: Bool = false) -> [ByArgument] {
                run sorting::ptp, aliases [], gradient yes,
                example "ptp([3, 1, 2])" => "2", rust "np::ptp(&tensor![3, 1, 2])",
                samples ["ptp(x[2, 3])", "ptp(x[2, 3], axis=0, keepdims=True)", "ptp(x[2, 3, 2], (0, 2))"],
                laws [],
            }
            /// The middle element of the sorted ones, or the mean of the two in the middle; of all or along axes. NaN where
            /// there is a NaN. Of equal elements the gradient goes to those that a stable sort puts in the middle.
            median(a: Array, axis: Axes = None, out: Out = None, overwrite_input: Bool = false, keepdims: Bool = false) -> [ByArgument] {
                run quantile::median, aliases [], properties [Folds], torch "torch.quantile", gradient yes,
                example "median([3, 1, 2, 4])" => "2.5", rust "np::median(&tensor![3, 1, 2, 4])",
                samples ["median(x[5])", "median(x[3, 4], 1)", "median(x[2, 3, 2], axis=(0, 2), keepdims=True)", "median(x[2, 3])"],
                laws [],
            }
            /// The value below which a fraction `q` of the elements is, of all or along axes; several `q` go along a new
            /// first axis. NaN where there is a NaN. Of equal elements the gradient goes to those that a stable sort puts there.
            quantile(a: Array, q: Number, axis: Axes = None, out: Out = None, overwrite_input: Bool = false, method: QuantileMethod = QuantileMethod::Linear, keepdims: Bool = false; Quantile { weights: OptArray = None }) -> [ByArgument] {
                run quantile::quantile, aliases [], properties [Spreads], torch "torch.quantile", gradient yes,
                example "quantile([1, 2, 3, 4], 0.5)" => "2.5", rust "np::quantile(&tensor![1, 2, 3, 4], 0.5)?",
                oracle "np.quantile",
                samples [
                    "quantile(x[5], 0.3)", "quantile(x[3, 4], [0.0, 0.25, 1.0], 1)", "quantile(x[2, 3, 2], 0.8, axis=(0, 2), keepdims=True)", "quantile(x[4], [[0.1], [0.7]])",
                    "quantile(x[6], 0.4, method='lower')", "quantile(x[6], [0.3], method='higher')", "quantile(x[6], 0.45, method='midpoint')", "quantile(x[6], 0.45, method='nearest')",
                    "quantile(x[6], 0.45, method='hazen')", "quantile(x[6], 0.05, method='weibull')", "quantile(x[6], 0.45, method='median_unbiased')", "quantile(x[6], 0.95, method='normal_unbiased')",
                    "quantile(x[6], 0.45, method='interpolated_inverted_cdf')",
                    "quantile(x[6], [0.0, 0.5, 0.45, 1.0], method='inverted_cdf')", "quantile(x[6], [0.0, 0.1, 0.5, 0.45, 1.0], method='averaged_inverted_cdf')", "quantile(x[6], [0.0, 0.25, 0.45, 1.0], method='closest_observation')",
                    "quantile(x[4], [0.4], method='inverted_cdf', weights=[1, 2, 0, 3])", "quantile(x[3, 4], [0.1, 0.9], 0, method='inverted_cdf', weights=[1, 0, 3])",
                ],
                laws [],
            }
            /// As `quantile`, with percentages.
            percentile(a: Array, q: Number, axis: Axes = None, out: Out = None, overwrite_input: Bool = false, method: QuantileMethod = QuantileMethod::Linear, keepdims: Bool = false; Percentile { weights: OptArray = None }) -> [ByArgument] {
                run quantile::percentile, aliases [], properties [Spreads], gradient yes,
                example "percentile([1, 2, 3, 4], 50)" => "2.5", rust "np::percentile(&tensor![1, 2, 3, 4], 50.0)?",
                oracle "np.percentile",
                samples ["percentile(x[5], 30)", "percentile(x[3, 4], [0, 25, 100], 0)"],
                laws [],
            }

            // ── without NaN ──

            /// The sum of the elements that are not NaN, of all or along axes.
            nansum(a: Array, axis: Axes = None, dtype: OptDType = None, out: Out = None, keepdims: Bool = false, initial: OptNumber = None, where: Where = true) -> [ByArgument] {
                run nan::nansum, aliases [], properties [Folds], torch "torch.nansum", gradient yes,
                example "nansum([1.0, float('nan'), 2.0])" => "3.0", rust "np::nansum(&tensor![1.0, f64::NAN, 2.0])",
                samples ["nansum(x[2, 3])", "nansum(x[2, 3], 0)", "nansum(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nansum(x[2, 3], initial=2)", "nansum(x[2, 3], where=[True, False, True])", "nansum(x[2, 3], 1, 'complex128')", "nansum(x[0])"],
                laws ["nansum([1.0, float('nan')]) == 1.0", "array_equal(nansum([[1.0, float('nan')], [float('nan'), float('nan')]], 1), [1.0, 0.0])"],
            }
            /// The product of the elements that are not NaN, of all or along axes.
            nanprod(a: Array, axis: Axes = None, dtype: OptDType = None, out: Out = None, keepdims: Bool = false, initial: OptNumber = None, where: Where = true) -> [ByArgument] {
                run nan::nanprod, aliases [], properties [Folds], gradient yes,
                example "nanprod([3.0, float('nan'), 2.0])" => "6.0", rust "np::nanprod(&tensor![3.0, f64::NAN, 2.0])",
                samples ["nanprod(x[2, 3])", "nanprod(x[2, 3], 0)", "nanprod(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nanprod(x[2, 3], initial=2)", "nanprod(x[2, 3], where=[True, False, True])", "nanprod(x[0])"],
                laws ["nanprod([2.0, float('nan')]) == 2.0"],
            }
            /// The mean of the elements that are not NaN, of all or along axes.
            nanmean(a: Array, axis: Axes = None, dtype: OptDType = None, out: Out = None, keepdims: Bool = false; Nanmean { where: Where = true }) -> [ByArgument] {
                run nan::nanmean, aliases [], torch "torch.nanmean", gradient yes,
                example "nanmean([1.0, float('nan'), 2.0])" => "1.5", rust "np::nanmean(&tensor![1.0, f64::NAN, 2.0])",
                samples ["nanmean(x[2, 3])", "nanmean(x[2, 3], 0)", "nanmean(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nanmean(x[2, 3], where=[True, False, True])", "nanmean(x[2, 3], 1, 'complex128')"],
                laws ["nanmean([1.0, float('nan'), 3.0]) == 2.0"],
            }
            /// The variance of the elements that are not NaN, of all or along axes.
            nanvar(a: Array, axis: Axes = None, dtype: OptDType = None, out: Out = None, ddof: Float = 0, keepdims: Bool = false; Nanvar { where: Where = true, mean: OptArray = None, correction: OptFloat = None }) -> [ByArgument] {
                run nan::nanvar, aliases [], gradient yes,
                example "nanvar([1.0, float('nan'), 3.0])" => "1.0", rust "np::nanvar(&tensor![1.0, f64::NAN, 3.0])",
                samples ["nanvar(x[2, 3])", "nanvar(x[2, 3], 0, ddof=1)", "nanvar(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nanvar(x[2, 3], where=[True, False, True])", "nanvar(x[2, 3], correction=1)", "nanvar(x[2, 3], 1, mean=[[0.5], [0.25]])"],
                laws ["nanvar([1.0, float('nan'), 3.0]) == 1.0", "allclose(nanvar([[1.0, float('nan'), 4.0], [2.0, 3.0, float('nan')]], 1, ddof=1), [4.5, 0.5])"],
            }
            /// The standard deviation of the elements that are not NaN, of all or along axes.
            nanstd(a: Array, axis: Axes = None, dtype: OptDType = None, out: Out = None, ddof: Float = 0, keepdims: Bool = false; Nanstd { where: Where = true, mean: OptArray = None, correction: OptFloat = None }) -> [ByArgument] {
                run nan::nanstd, aliases [], gradient yes,
                example "nanstd([1.0, float('nan'), 3.0])" => "1.0", rust "np::nanstd(&tensor![1.0, f64::NAN, 3.0])",
                samples ["nanstd(x[2, 3])", "nanstd(x[2, 3], 0, ddof=1)", "nanstd(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nanstd(x[2, 3], where=[True, False, True])", "nanstd(x[2, 3], correction=1)"],
                laws ["nanstd([1.0, float('nan'), 3.0]) == 1.0"],
            }
            /// The largest element that is not NaN, of all or along axes; NaN where all are.
            nanmax(a: Array, axis: Axes = None, out: Out = None, keepdims: Bool = false, initial: OptNumber = None, where: Where = true) -> [ByArgument] {
                run nan::nanmax, aliases [], properties [Folds], gradient yes,
                example "nanmax([1.0, float('nan'), 2.0])" => "2.0", rust "np::nanmax(&tensor![1.0, f64::NAN, 2.0])",
                samples ["nanmax(x[2, 3])", "nanmax(x[2, 3], 0)", "nanmax(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nanmax(x[2, 3], initial=2)", "nanmax(x[2, 3], initial=0, where=[True, False, True])"],
                laws ["nanmax([1.0, float('nan')]) == 1.0", "isnan(nanmax([float('nan')]))"],
            }
            /// The smallest element that is not NaN, of all or along axes; NaN where all are.
            nanmin(a: Array, axis: Axes = None, out: Out = None, keepdims: Bool = false, initial: OptNumber = None, where: Where = true) -> [ByArgument] {
                run nan::nanmin, aliases [], properties [Folds], gradient yes,
                example "nanmin([1.0, float('nan'), 2.0])" => "1.0", rust "np::nanmin(&tensor![1.0, f64::NAN, 2.0])",
                samples ["nanmin(x[2, 3])", "nanmin(x[2, 3], 0)", "nanmin(x[2, 3, 2], axis=(0, -1), keepdims=True)", "nanmin(x[2, 3], initial=2)", "nanmin(x[2, 3], initial=0, where=[True, False, True])"],
                laws ["nanmin([1.0, float('nan')]) == 1.0", "isnan(nanmin([float('nan')]))"],
            }
            /// The index of the largest element that is not NaN, of all or along an axis; an error where all are NaN.
            nanargmax(a: Array, axis: Axes = None, out: Out = None; Nanargmax { keepdims: Bool = false }) -> [ByArgument] {
                run nan::nanargmax, aliases [], properties [WritesBack], gradient no "its result is an index",
                example "nanargmax([1.0, float('nan'), 2.0])" => "2", rust "np::nanargmax(&tensor![1.0, f64::NAN, 2.0])",
                samples ["nanargmax(x[2, 3])", "nanargmax(x[2, 3], 0)", "nanargmax(x[2, 3], axis=1, keepdims=True)"],
                laws ["nanargmax([float('nan'), 1.0, 3.0, float('nan')]) == 2"],
            }
            /// The index of the smallest element that is not NaN, of all or along an axis; an error where all are NaN.
            nanargmin(a: Array, axis: Axes = None, out: Out = None; Nanargmin { keepdims: Bool = false }) -> [ByArgument] {
                run nan::nanargmin, aliases [], properties [WritesBack], gradient no "its result is an index",
                example "nanargmin([1.0, float('nan'), 2.0])" => "0", rust "np::nanargmin(&tensor![1.0, f64::NAN, 2.0])",
                samples ["nanargmin(x[2, 3])", "nanargmin(x[2, 3], 0)", "nanargmin(x[2, 3], axis=1, keepdims=True)"],
                laws ["nanargmin([float('nan'), 1.0, 3.0, float('nan')]) == 1"],
            }
            /// The running sum along an axis, or over all elements; NaN counts as 0.
            nancumsum(a: Array, axis: AxisOrFlat = None, dtype: OptDType = None, out: Out = None) -> [ByArgument] {
                run nan::nancumsum, aliases [], properties [Folds], gradient yes,
                example "nancumsum([1.0, float('nan'), 2.0])" => "[1. 1. 3.]", rust "np::nancumsum(&tensor![1.0, f64::NAN, 2.0], 0)?",
                samples ["nancumsum(x[2, 3])", "nancumsum(x[2, 3], 0)", "nancumsum(x[2, 3], axis=-1, dtype='complex128')"],
                laws [],
            }
            /// The running product along an axis, or over all elements; NaN counts as 1.
            nancumprod(a: Array, axis: AxisOrFlat = None, dtype: OptDType = None, out: Out = None) -> [ByArgument] {
                run nan::nancumprod, aliases [], properties [Folds], gradient yes,
                example "nancumprod([3.0, float('nan'), 2.0])" => "[3. 3. 6.]", rust "np::nancumprod(&tensor![3.0, f64::NAN, 2.0], 0)?",
                samples ["nancumprod(x[2, 3])", "nancumprod(x[2, 3], 0)", "nancumprod(x[2, 3], axis=-1, dtype='complex128')"],
                laws [],
            }
            /// The median of the elements that are not NaN, of all or along axes; gradients are those of `median`.
            nanmedian(a: Array, axis: Axes = None, out: Out = None, overwrite_input: Bool = false, keepdims: Bool = false) -> [ByArgument] {
                run quantile::nanmedian, aliases [], properties [Spreads, Folds], torch "torch.nanquantile", gradient yes,
                example "nanmedian([3.0, 1.0, float('nan'), 2.0])" => "2.0", rust "np::nanmedian(&tensor![3.0, 1.0, f64::NAN, 2.0])",
                samples ["nanmedian(x[5])", "nanmedian(x[3, 4], 1)", "nanmedian(x[2, 3, 2], axis=(0, 2), keepdims=True)"],
                laws ["allclose(nanmedian([[4.0, float('nan'), 1.0], [2.0, 3.0, 9.0]], 1), [2.5, 3.0])"],
            }
            /// As `quantile`, of the elements that are not NaN.
            nanquantile(a: Array, q: Number, axis: Axes = None, out: Out = None, overwrite_input: Bool = false, method: QuantileMethod = QuantileMethod::Linear, keepdims: Bool = false; Nanquantile { weights: OptArray = None }) -> [ByArgument] {
                run quantile::nanquantile, aliases [], properties [Spreads], torch "torch.nanquantile", gradient yes,
                example "nanquantile([1.0, float('nan'), 2.0, 3.0], 0.5)" => "2.0", rust "np::nanquantile(&tensor![1.0, f64::NAN, 2.0, 3.0], 0.5)?",
                samples ["nanquantile(x[5], 0.3)", "nanquantile(x[3, 4], [0.0, 0.25, 1.0], 1)", "nanquantile(x[2, 3, 2], 0.8, axis=(0, 2), keepdims=True)", "nanquantile(x[6], 0.45, method='hazen')"],
                laws ["allclose(nanquantile([[4.0, float('nan'), 1.0], [2.0, 3.0, 9.0]], [0.0, 0.5, 1.0], 1), [[1.0, 2.0], [2.5, 3.0], [4.0, 9.0]])"],
            }
            /// As `nanquantile`, with percentages.
            nanpercentile(a: Array, q: Number, axis: Axes = None, out: Out = None, overwrite_input: Bool = false, method: QuantileMethod = QuantileMethod::Linear, keepdims: Bool = false; Nanpercentile { weights: OptArray = None }) -> [ByArgument] {
                run quantile::nanpercentile, aliases [], properties [Spreads], gradient yes,
                example "nanpercentile([1.0, float('nan'), 2.0, 3.0], 50)" => "2.0", rust "np::nanpercentile(&tensor![1.0, f64::NAN, 2.0, 3.0], 50.0)?",
                samples ["nanpercentile(x[5], 30)", "nanpercentile(x[3, 4], [0, 25, 100], 0)"],
                laws [],
            }
            /// Numbers in place of NaN, `∞` and `-∞`: 0, and the largest and the smallest finite number, or those given.
            nan_to_num(x: Array, copy: Bool = true, nan: Number = 0.0, posinf: OptNumber = None, neginf: OptNumber = None) -> [ByArgument] {
                run nan::nan_to_num, aliases [], properties [KeepsOrder(0)], torch "torch.nan_to_num", gradient yes,
                example "nan_to_num([1.0, float('nan'), float('inf')], posinf=9)" => "[1. 0. 9.]", rust "np::nan_to_num(&tensor![1.0, f64::NAN, -1.0])?" => "[ 1.  0. -1.]",
                samples ["nan_to_num(x[2, 3])", "nan_to_num(x[2, 3], True, 1.5, 2, 3)", "nan_to_num(x[()])"],
                laws ["array_equal(nan_to_num([float('nan'), float('inf'), -float('inf'), 2.0], nan=[1, 5, 5, 5], posinf=3, neginf=4), [1.0, 3.0, 4.0, 2.0])"],
            }

            // ── statistics ──

            /// The average of the elements, of all or along axes, by their weights; on request also the sum of these.
            average(a: Array, axis: Axes = None, weights: OptArray = None, returned: Bool = false; Average { keepdims: Bool = false }) -> [asked ByArgument, ByArgument if returned] {
                run statistics::average, aliases [], gradient yes,
                example "average([1, 2, 4], weights=[1, 1, 2])" => "2.75", rust "np::average(&tensor![1.0, 2.0, 6.0])" => "3.0",
                samples ["average(x[2, 3])", "average(x[2, 3], 0)", "average(x[2, 3, 2], axis=(0, 2), keepdims=True)", "average(x[2, 3], 1, [1, 2, 5])", "average(x[2, 3], axis=0, weights=[2, 1], returned=True)", "average(x[3], None, [1.5, 2, 1], True)", "average(x[2, 3], returned=True)", "average(x[2, 3, 2], (2, 0), [[1, 2], [3, 1]])"],
                laws [],
            }
            /// The covariance of variables, the rows, whose samples are the columns.
            ///
            /// `rowvar=False` exchanges the two; `y` are more variables; `bias` divides by the number of samples, `ddof` is taken off
            /// it; `fweights` says how often a sample is there, `aweights` how much it counts.
            cov(m: Array, y: OptArray = None, rowvar: Bool = true, bias: Bool = false, ddof: OptFloat = None, fweights: OptArray = None, aweights: OptArray = None; Cov { dtype: OptDType = None }) -> [ByArgument] {
                run statistics::cov, aliases [], properties [MakesArrays], torch "torch.cov", gradient yes,
                example "cov([[1, 2, 3], [1, 0, -1]])" => "[[ 1. -1.]\n [-1.  1.]]", rust "np::cov(&tensor![[1.0, 2.0, 3.0], [1.0, 0.0, -1.0]])?",
                samples ["cov(x[2, 4])", "cov(x[3], x[3])", "cov(x[4, 2], rowvar=False)", "cov(x[2, 4], bias=True)", "cov(x[2, 4], ddof=0)", "cov(x[2, 3], x[1, 3], fweights=[1, 2, 1])", "cov(x[2, 3], aweights=[0.5, 2, 1])", "cov(x[2, 3], None, True, False, 1, [1, 2, 1], [0.5, 2, 1])", "cov(x[4])", "cov(x[2, 3], dtype='float32')"],
                laws [],
            }
            /// The correlation of variables, the rows, whose samples are the columns; see `cov`.
            corrcoef(x: Array, y: OptArray = None, rowvar: Bool = true; Corrcoef { dtype: OptDType = None }) -> [ByArgument] {
                run statistics::corrcoef, aliases [], torch "torch.corrcoef", gradient yes,
                example "corrcoef([[1, 2, 3], [1, 0, -1]])" => "[[ 1. -1.]\n [-1.  1.]]", rust "np::corrcoef(&tensor![[1.0, 2.0, 3.0], [1.0, 0.0, -1.0]])?",
                samples ["corrcoef(x[2, 4])", "corrcoef(x[3], x[3])", "corrcoef(x[4, 2], rowvar=False)", "corrcoef(x[4])"],
                laws [],
            }
            /// How many elements lie in each bin, or the sums of their weights, and the edges of the bins; with `density` so that the
            /// integral is 1. `bins` is a number of bins of one width, their edges, or the name of a rule.
            histogram(a: Array, bins: Bins = 10, range: Range = None, density: OptBool = None, weights: OptArray = None) -> [tuple ByArgument] {
                run histogram::histogram, aliases [], properties [ReadsValues], torch "torch.histogram", gradient no "counts do not change with the elements; weights pass their gradients on",
                example "histogram([1, 2, 1], [0, 1, 2, 3])[0]" => "[0 2 1]", rust "np::histogram(&tensor![1, 2, 1], 3)?.0" => "[2 0 1]",
                samples ["histogram(x[2, 3])", "histogram(x[9], 4)", "histogram(x[9], [-2, 0, 1, 5])", "histogram(x[9], bins=3, range=(-1, 2))", "histogram(x[9], 4, density=True)", "histogram(x[9], [-2, 0, 1, 5], weights=x[9])", "histogram(x[9], 3, (-4, 4), weights=x[9])", "histogram(x[9], [-2, 0.5, 1, 5], None, True)", "histogram(x[0])", "histogram(x[9], 'auto')", "histogram(x[9], 'sturges', (-1, 3))"],
                laws ["histogram([0.0, 0.1, 0.25, 1.0, float('nan')], 4, (0, 1))[0][0] == 2"],
            }
            /// The edges of the bins of `histogram`.
            histogram_bin_edges(a: Array, bins: Bins = 10, range: Range = None, weights: OptArray = None) -> [ByArgument] {
                run histogram::histogram_bin_edges, aliases [], properties [ReadsValues], gradient no "its result are bounds",
                example "histogram_bin_edges([0, 4], 2)" => "[0. 2. 4.]", rust "np::histogram_bin_edges(&tensor![0, 4], 2)?",
                samples ["histogram_bin_edges(x[9])", "histogram_bin_edges(x[9], 3, (-1, 2))", "histogram_bin_edges(x[9], 'doane')", "histogram_bin_edges(x[9], 'fd')", "histogram_bin_edges(x[9], 'rice')", "histogram_bin_edges(x[9], 'scott')", "histogram_bin_edges(x[9], 'sqrt')", "histogram_bin_edges(x[9], 'stone')"],
                laws [],
            }
            /// As `histogram`, of pairs: counts, and the edges of both axes.
            histogram2d(x: Array, y: Array, bins: BinsOfEach = 10, range: RangeOfEach = None, density: OptBool = None, weights: OptArray = None) -> [tuple ByArgument] {
                run histogram::histogram2d, aliases [], properties [ReadsValues], gradient no "counts do not change with the elements; weights pass their gradients on",
                example "histogram2d([0, 1, 1], [0, 1, 1], 2)[0]" => "[[1. 0.]\n [0. 2.]]", rust "np::histogram2d(&tensor![0.0, 1.0, 1.0], &tensor![0.0, 1.0, 1.0], 2)?.0",
                samples ["histogram2d(x[9], x[9])", "histogram2d(x[9], x[9], 3)", "histogram2d(x[9], x[9], [2, 3], [[-1, 2], [-2, 2]])", "histogram2d(x[9], x[9], [-2, 0, 2])", "histogram2d(x[9], x[9], [[-2, 0, 2], 3], density=True)", "histogram2d(x[9], x[9], 2, weights=x[9])"],
                laws [],
            }
            /// As `histogram`, of points: the rows of a matrix, or a sequence of coordinates. The edges are a list, one entry for each
            /// dimension.
            histogramdd(sample: Points, bins: BinsOfEach = 10, range: RangeOfEach = None, density: OptBool = None, weights: OptArray = None) -> [tuple ByArgument] {
                run histogram::histogramdd, aliases [], properties [ReadsValues], torch "torch.histogramdd", gradient no "its result are counts",
                example "histogramdd([[0, 1, 1], [0, 1, 1]], 2)[0]" => "[[1. 0.]\n [0. 2.]]", rust "np::histogramdd(&tensor![[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]], 2)?.0",
                samples ["histogramdd(x[9, 2], 3)", "histogramdd([x[9], x[9]], [2, 3])", "histogramdd(x[9, 3], 2, density=True)", "histogramdd(x[9, 1], [[-2, 0, 2]], weights=[1, 2, 3, 4, 5, 6, 7, 8, 9])", "histogramdd(x[9, 2], 2, [None, (-1, 2)])"],
                laws [],
            }

            // ── sampled functions ──

            /// The derivative along axes: central differences, and at the ends one-sided ones of first or second order.
            ///
            /// Behind the array stand the distances of samples: a number for all axes or for each, or the places along an axis.
            gradient(f: Array, varargs: EachArray; Gradient { axis: Axes = None, edge_order: Int = 1 }) -> [one_or_tuple ByArgument] {
                run calculus::gradient, aliases [], torch "torch.gradient", gradient yes,
                example "gradient([1, 2, 4, 7])" => "[1.  1.5 2.5 3. ]", rust "np::gradient(&tensor![1.0, 2.0, 4.0, 7.0], 1.0, 0)?",
                samples ["gradient(x[5])", "gradient(x[3, 4])", "gradient(x[3, 4], 2.0, axis=1)", "gradient(x[5], 0.5, edge_order=2)", "gradient(x[4], [0, 1, 3, 4], edge_order=2)", "gradient(x[3, 4], [0, 1, 3], 2)", "gradient(x[3, 4], [0, 1, 3], axis=0)", "gradient(x[3, 4], axis=(1, 0))", "gradient(x[3, 4], 2)"],
                laws [],
            }
            /// The values at places of the straight lines through points, whose places `xp` increase. Beyond the first and the last
            /// point it is their value, or `left` and `right`; with a period there is no beyond.
            interp(x: Array, xp: Array, fp: Array, left: OptNumber = None, right: OptNumber = None, period: OptFloat = None) -> [ByArgument] {
                run calculus::interp, aliases [], gradient yes,
                example "interp([0.5, 3.0], [0, 1, 2], [10, 20, 40])" => "[15. 40.]", rust "np::interp(&tensor![0.5, 3.0], &tensor![0.0, 1.0, 2.0], &tensor![10.0, 20.0, 40.0])?",
                samples ["interp(x[2, 3], [-3, -1, 0, 4], x[4])", "interp(x[4], [0, 1], [1.0, 2.0], -1, 5)", "interp(x[5], [1, 3, 2], [5.0, 1.0, 2.0], period=4)", "interp(1.5, [1, 2], x[2])", "interp(x[3], [1], x[1])", "interp(x[4], [0, 1, 2], [1.0, 2.0, 4.0], right=9.5)"],
                laws ["isnan(interp(float('nan'), [0, 1], [2, 3]))", "interp(1.0, [0, 1, 1, 2], [0, 1, 5, 6]) == 5.0"],
            }
            /// The running sum along an axis; on request with the 0 before the first element.
            cumulative_sum(x: Array; CumulativeSum { axis: AxisOrFlat = None, dtype: OptDType = None, out: Out = None, include_initial: Bool = false }) -> [ByArgument] {
                run calculus::cumulative_sum, positional_only 1, aliases [], properties [Folds], torch "torch.cumsum", gradient yes,
                example "cumulative_sum([1, 2, 3], include_initial=True)" => "[0 1 3 6]", rust "np::cumulative_sum(&tensor![1, 2, 3], 0, true)?",
                samples ["cumulative_sum(x[3])", "cumulative_sum(x[2, 3], axis=0)", "cumulative_sum(x[2, 3], axis=-1, include_initial=True)", "cumulative_sum(x[3], dtype='complex128')"],
                laws [],
            }
            /// The running product along an axis; on request with the 1 before the first element.
            cumulative_prod(x: Array; CumulativeProd { axis: AxisOrFlat = None, dtype: OptDType = None, out: Out = None, include_initial: Bool = false }) -> [ByArgument] {
                run calculus::cumulative_prod, positional_only 1, aliases [], properties [Folds], torch "torch.cumprod", gradient yes,
                example "cumulative_prod([1, 2, 3], include_initial=True)" => "[1 1 2 6]", rust "np::cumulative_prod(&tensor![1, 2, 3], 0, true)?",
                samples ["cumulative_prod(x[3])", "cumulative_prod(x[2, 3], axis=0)", "cumulative_prod(x[2, 3], axis=-1, include_initial=True)", "cumulative_prod(x[3], dtype='complex128')"],
                laws [],
            }
            /// `ln Σ eˣ` of the elements up to each one, along an axis.
            logcumsumexp(x: Array, axis: Axis = -1) -> [ByArgument] {
                run calculus::logcumsumexp, aliases [], torch "torch.logcumsumexp", gradient yes,
                example "logcumsumexp([0.0, 0.0])" => "[0.         0.69314718]", rust "np::logcumsumexp(&tensor![0.0, 0.0], 0)?",
                oracle "lambda x, axis=-1: np.logaddexp.accumulate(np.asarray(x).astype(np.exp(x).dtype), axis)",
                samples ["logcumsumexp(x[5])", "logcumsumexp(x[2, 3], 0)", "logcumsumexp(x[1])"],
                laws [],
            }

            // ── order, from PyTorch ──

            /// The `k`-th smallest element along an axis, counted from 1, and where it is: of equal ones that which a stable sort puts there.
            kthvalue(x: Array, k: Int, axis: Axis = -1, keepdims: Bool = false) -> [tuple ByArgument] {
                run sorting::kthvalue, aliases [], torch "torch.kthvalue", gradient yes,
                example "kthvalue([3, 1, 2], 2)[0]" => "2", rust "np::kthvalue(&tensor![3, 1, 2], 2, 0)?.0",
                oracle "lambda x, k, axis=-1, keepdims=False: (lambda i: tuple(r if keepdims else np.squeeze(r, axis)[()] for r in (np.take_along_axis(x, i, axis), i)))(np.take(np.argsort(x, axis, kind='stable'), [k - 1], axis))",
                samples ["kthvalue(x[5], 2)", "kthvalue(x[3, 4], 1, 0)", "kthvalue(x[2, 3], 3, axis=1, keepdims=True)"],
                laws [],
            }
            /// The most frequent element along an axis, of several the smallest, and where it is last.
            mode(x: Array, axis: Axis = -1, keepdims: Bool = false) -> [tuple ByArgument] {
                run sorting::mode, aliases [], torch "torch.mode", gradient yes,
                example "mode([3, 1, 3])[1]" => "2", rust "np::mode(&tensor![3, 1, 3], 0)?.1",
                oracle "lambda x, axis=-1, keepdims=False: (lambda one: (lambda i: tuple(r if keepdims else np.squeeze(r, axis)[()] for r in (np.take_along_axis(x, i, axis), i)))(np.expand_dims(np.apply_along_axis(one, axis, x), axis)))(lambda v: (lambda u, c: np.flatnonzero(v == u[np.argmax(c)])[-1])(*np.unique(v, return_counts=True)))",
                samples ["mode(x[5])", "mode(x[3, 4], 0)", "mode(x[2, 3], axis=1, keepdims=True)"],
                laws ["mode([2, 5, 2, 5, 1])[0] == 2", "mode([2, 5, 2, 5, 1])[1] == 2"],
            }

            // ── special functions ──

            /// `x - ln Σ eˣ` along an axis: the logarithm of `softmax`, without its underflow.
            log_softmax(x: Array, axis: Axis = -1) -> [ByArgument] {
                run special::log_softmax, aliases [], torch "torch.log_softmax", gradient yes,
                example "log_softmax([0.0, 0.0])" => "[-0.69314718 -0.69314718]", rust "np::log_softmax(&tensor![0.0, 0.0], -1)?",
                oracle "lambda x, axis=-1: (lambda z: (lambda s: s - np.log(np.exp(s).sum(axis=axis, keepdims=True)))(z - z.max(axis=axis, keepdims=True)))(np.asarray(x).astype(np.exp(x).dtype))",
                samples ["log_softmax(x[2, 3])", "log_softmax(x[2, 3], 0)", "log_softmax(x[3], axis=-1)"],
                laws [],
            }
            /// `(x - mean) / √(var + eps) · weight + bias` along the last axes, those of `normalized_shape`: layer normalisation.
            layer_norm(input: Array, normalized_shape: Shape, weight: OptArray = None, bias: OptArray = None, eps: Float = 1e-5) -> [ByArgument] {
                run neural::layer_norm, aliases [], torch "torch.nn.functional.layer_norm", gradient yes,
                example "layer_norm([[1.0, 3.0], [2.0, 2.0]], 2, eps=0.5)" => "[[-0.81649658  0.81649658]\n [ 0.          0.        ]]", rust "np::layer_norm(&tensor![[1.0, 3.0], [2.0, 2.0]], [2], None, None, 0.5)?",
                oracle "oracle.layer_norm",
                samples ["layer_norm(x[3, 4], 4)", "layer_norm(x[2, 3, 4], (3, 4), x[3, 4], x[3, 4])", "layer_norm(x[2, 5], (5,), weight=x[5], eps=0.1)", "layer_norm(x[2, 3], 3, bias=x[3])", "layer_norm(x[4], [4], x[4], x[4], 1e-3)"],
                laws ["allclose(layer_norm(x[3, 64], 64, eps=0.0).std(1), 1.0)", "allclose(layer_norm(x[3, 64] + 1e3, 64), layer_norm(x[3, 64], 64))"],
            }
            /// `x / √(Σx² / n + eps) · weight` along the last axes, those of `normalized_shape`. Without `eps` it is the distance from
            /// 1 to the next number, `2⁻²³` for `float32` and narrower.
            rms_norm(input: Array, normalized_shape: Shape, weight: OptArray = None, eps: OptFloat = None) -> [ByArgument] {
                run neural::rms_norm, aliases [], torch "torch.nn.functional.rms_norm", gradient yes,
                example "rms_norm([3.0, 4.0], 2, eps=12.5)" => "[0.6 0.8]", rust "np::rms_norm(&tensor![3.0, 4.0], [2], None, Some(12.5))?",
                oracle "oracle.rms_norm",
                samples ["rms_norm(x[3, 4], 4)", "rms_norm(x[2, 3, 4], (3, 4), x[3, 4])", "rms_norm(x[5], (5,), weight=x[5], eps=0.1)"],
                laws ["allclose((rms_norm(x[3, 64], 64) ** 2).mean(1), 1.0)"],
            }
            /// The negative logarithm of the softmax of `input` at the target. Classes are the second axis of the input, the only one of
            /// a vector. The target holds indices of classes, with the other axes, or probabilities of them, with all axes. Each class
            /// counts by its weight; targets that are `ignore_index` do not count. With `label_smoothing` a part of each target goes to
            /// all classes alike.
            cross_entropy(input: Array, target: Array, weight: OptArray = None; CrossEntropy { ignore_index: Int = -100, reduction: LossReduction = LossReduction::Mean, label_smoothing: Float = 0.0 }) -> [ByArgument] {
                run neural::cross_entropy, aliases [], torch "torch.nn.functional.cross_entropy", gradient yes,
                example "cross_entropy([[0.0, 0.0], [2.0, 2.0]], [0, 1])" => "0.6931471805599453", rust "np::cross_entropy(&tensor![[0.0, 0.0], [2.0, 2.0]], &tensor![0, 1], np::CrossEntropy::default())?",
                oracle "oracle.cross_entropy",
                samples ["cross_entropy(x[3, 4], [0, 3, 2])", "cross_entropy(x[4], 2, reduction='none')", "cross_entropy(x[3, 4], [0, -100, 2], reduction='sum')", "cross_entropy(x[2, 3, 4], [[0, 1, 2, 2], [1, 1, 0, 2]], reduction='none', label_smoothing=0.1)", "cross_entropy(x[3, 4], [1, 2, 1], [0.5, 2.0, 1.0, 0.25], ignore_index=2, label_smoothing=0.25)", "cross_entropy(x[3, 2], [[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]], [1.0, 2.0], label_smoothing=0.5)"],
                laws ["allclose(cross_entropy(x[4], 1), -log_softmax(x[4])[1])", "cross_entropy([1e4, 0.0], 0) == 0.0", "cross_entropy([80.0, 60.0], 0) > 2e-9"],
            }
            /// `x · ln y`, and 0 where `x` is 0 and `y` is not NaN; its derivative there is 0.
            xlogy(x: Array, y: Array) -> [ByArgument] {
                run special::xlogy, aliases [], torch "torch.xlogy", gradient yes,
                example "xlogy([0.0, 2.0], [0.0, 1.0])" => "[0. 0.]", rust "np::xlogy(&tensor![0.0, 2.0], &tensor![0.0, 1.0])?",
                oracle "lambda x, y: (lambda a, b: np.where(a == 0, np.zeros_like(a), a * np.log(b)))(*np.broadcast_arrays(*(np.asarray(v).astype(np.exp(np.asarray(x) + np.asarray(y)).dtype) for v in (x, y))))[()]",
                samples ["xlogy(x[2, 3], [1.5, 0.5, 2.0])", "xlogy(x[3], 2.0)"],
                laws ["isnan(xlogy(0.0, float('nan')))", "xlogy(0.0, 0.0) == 0.0"],
            }
            /// `1 / (1 + e⁻ˣ)`, the logistic function; SciPy's name of `sigmoid`.
            expit(x: Array) -> [ByArgument] {
                run special::expit, aliases [], torch "torch.special.expit", gradient yes,
                example "expit([0.0])" => "[0.5]", rust "np::expit(&tensor![0.0])?",
                oracle "lambda x: (lambda z: 1 / (1 + np.exp(-z)))(np.asarray(x).astype(np.exp(x).dtype))[()]",
                samples ["expit(x[2, 3])", "expit(x[()])"],
                laws [],
            }
            /// The logarithm of `expit`, without its underflow.
            log_expit(x: Array) -> [ByArgument] {
                run special::log_expit, aliases [], torch "torch.nn.functional.logsigmoid", gradient yes,
                example "log_expit([0.0])" => "[-0.69314718]", rust "np::log_expit(&tensor![0.0])?",
                oracle "lambda x: (lambda z: -np.logaddexp(z.dtype.type(0), -z))(np.asarray(x).astype(np.exp(x).dtype))[()]",
                samples ["log_expit(x[2, 3])", "log_expit(x[()])"],
                laws ["log_expit(-1000.0) == -1000.0"],
            }

            // ── kinds of numbers ──

            /// The angle of a complex number, in radians or degrees; π of a negative real number.
            angle(z: Array, deg: Bool = false) -> [ByArgument] {
                run classify::angle, aliases [], torch "torch.angle", gradient yes,
                example "angle([1j, 2.0], deg=True)" => "[90.  0.]", rust "np::angle(&tensor![1.0, 2.0])?" => "[0. 0.]",
                samples ["angle(x[2, 3])", "angle(x[3], True)", "angle(x[()])"],
                laws [],
            }
            /// The real parts, where all imaginary parts are smaller than so many times the dtype's epsilon; else the array.
            real_if_close(a: Array, tol: Float = 100) -> [ByArgument] {
                run classify::real_if_close, aliases [], properties [KeepsItself, ReadsValues, MakesArrays], gradient yes,
                example "real_if_close([2j, 0j])" => "[0.+2.j 0.+0.j]", rust "np::real_if_close(&tensor![2.0], 100.0)?" => "[2.]",
                samples ["real_if_close(x[2, 3])", "real_if_close([2.0, 1e-15j])", "real_if_close([2.0, 0.5j], tol=0.75)"],
                laws [],
            }
            /// Returns true where the imaginary part is not 0.
            iscomplex(x: Array) -> [ByArgument] {
                run classify::iscomplex, aliases [], gradient no "its result is a boolean",
                example "iscomplex([1j, 2.0])" => "[ True False]", rust "np::iscomplex(&tensor![1.0, 2.0])?" => "[False False]",
                samples ["iscomplex(x[2, 3])", "iscomplex([1j, 2])"],
                laws [],
            }
            /// Returns true where the imaginary part is 0.
            isreal(x: Array) -> [ByArgument] {
                run classify::isreal, aliases [], torch "torch.isreal", gradient no "its result is a boolean",
                example "isreal([1j, 2.0])" => "[False  True]", rust "np::isreal(&tensor![1.0, 2.0])?" => "[ True  True]",
                samples ["isreal(x[2, 3])", "isreal([1j, 2])"],
                laws [],
            }
            /// Returns true where the dtype is complex.
            iscomplexobj(x: Array) -> [plain "_bool"] {
                run classify::iscomplexobj, aliases [], torch "torch.is_complex", gradient no "its result is a boolean",
                example "iscomplexobj([1.0])" => "False", rust "np::iscomplexobj(&tensor![1.0])?" => "false",
                samples ["iscomplexobj(x[2, 3])"],
                laws [],
            }
            /// Returns true where the dtype is not complex.
            isrealobj(x: Array) -> [plain "_bool"] {
                run classify::isrealobj, aliases [], gradient no "its result is a boolean",
                example "isrealobj([1.0])" => "True", rust "np::isrealobj(&tensor![1.0])?" => "true",
                samples ["isrealobj(x[2, 3])"],
                laws [],
            }
            /// Returns true where the element is `∞`.
            isposinf(x: Array, out: Out = None) -> [ByArgument] {
                run classify::isposinf, aliases [], properties [Spreads], torch "torch.isposinf", gradient no "its result is a boolean",
                example "isposinf([1.0, float('inf')])" => "[False  True]", rust "np::isposinf(&tensor![1.0, f64::INFINITY])?",
                samples ["isposinf(x[2, 3])", "isposinf([1.0, 2.0])"],
                laws [],
            }
            /// Returns true where the element is `-∞`.
            isneginf(x: Array, out: Out = None) -> [ByArgument] {
                run classify::isneginf, aliases [], properties [Spreads], torch "torch.isneginf", gradient no "its result is a boolean",
                example "isneginf([1.0, float('-inf')])" => "[False  True]", rust "np::isneginf(&tensor![1.0, f64::NEG_INFINITY])?",
                samples ["isneginf(x[2, 3])", "isneginf([1.0, 2.0])"],
                laws [],
            }
            /// The elements from small to large as complex numbers, by real part, then by imaginary part.
            sort_complex(a: Array) -> [ByArgument] {
                run classify::sort_complex, aliases [], gradient yes,
                example "sort_complex([2.0, 1.0])" => "[1.+0.j 2.+0.j]", rust "np::sort_complex(&tensor![2.0, 1.0])?",
                samples ["sort_complex(x[5])", "sort_complex(x[2, 3])"],
                laws [],
            }
            /// The elements rounded to so many decimals, of two as near the even one; negative numbers are places before the point.
            round(a: Array, decimals: Int = 0, out: Out = None) -> [ByArgument] {
                run classify::round, method "round", aliases ["around"], torch "torch.round", gradient yes,
                example "round([1.25, -0.75], 1)" => "[ 1.2 -0.8]", rust "np::round(&tensor![1.25, -0.75], 1)?",
                samples ["round(x[2, 3])", "round(x[2, 3], 1)", "round(x[2, 3], decimals=-1)", "round(x[()])"],
                laws ["array_equal(round([15, 25, -14], -1), [20, 20, -10])"],
            }
            /// Returns true where both have equal elements after broadcasting.
            array_equiv(a1: Array, a2: Array) -> [plain "_bool"] {
                run compare::array_equiv, aliases [], properties [ReadsValues], gradient no "its result is a boolean",
                example "array_equiv([1, 1], 1)" => "True", rust "np::array_equiv(&tensor![1, 1], &Tensor::scalar(1))?" => "true",
                samples ["array_equiv(x[3], x[3])", "array_equiv(x[3], x[2, 3])", "array_equiv([1, 1], [[1, 1], [1, 1]])", "array_equiv(x[2], x[3])"],
                laws [],
            }

            // ── sets ──

            /// The different elements, sorted; on request where each is first, which of them each element is, and how often
            /// each is there. With an axis: the different slices along it.
            unique(ar: Array, return_index: Bool = false, return_inverse: Bool = false, return_counts: Bool = false, axis: AxisOrFlat = None;
                Unique { equal_nan: Bool = true, sorted: Bool = true }) -> [asked ByArgument, ByArgument if return_index, ByArgument if return_inverse, ByArgument if return_counts] {
                run sets::unique, aliases [], properties [ReadsValues, MakesArrays, KeepsOrder(0)], torch "torch.unique", gradient yes,
                example "unique([3, 1, 3])" => "[1 3]", rust "np::unique(&tensor![3, 1, 3])?",
                samples ["unique(x[2, 3])", "unique(x[9], True, True, True)", "unique(x[3, 4], return_inverse=True)", "unique([[1, 2], [0, 1], [1, 2]], True, True, True, axis=0)", "unique(x[2, 3], axis=1)", "unique(x[0], return_counts=True)", "unique([2, 2, 1], return_counts=True, equal_nan=False)"],
                laws [],
            }
            /// The different elements, sorted. Every NaN is one of its own.
            unique_values(x: Array) -> [Vector] {
                run sets::unique_values, aliases [], properties [ReadsValues, KeepsOrder(0)], gradient yes,
                example "unique_values([3, 1, 3])" => "[1 3]", rust "np::unique_values(&tensor![3, 1, 3])?",
                oracle "lambda x: np.unique(x, equal_nan=False)",
                samples ["unique_values(x[2, 3])", "unique_values([2, 1, 2])"],
                laws [],
            }
            /// The different elements, sorted, and how often each is there.
            unique_counts(x: Array) -> [tuple ByArgument] {
                run sets::unique_counts, aliases [], properties [ReadsValues, MakesArrays, KeepsOrder(0), Named("UniqueCountsResult", &["values", "counts"])], gradient yes,
                example "unique_counts([3, 1, 3])[1]" => "[1 2]", rust "np::unique_counts(&tensor![3, 1, 3])?.1",
                samples ["unique_counts(x[2, 3])", "unique_counts([2, 1, 2])"],
                laws [],
            }
            /// The different elements, sorted, and which of them each element is.
            unique_inverse(x: Array) -> [tuple ByArgument] {
                run sets::unique_inverse, aliases [], properties [ReadsValues, MakesArrays, KeepsOrder(0), Named("UniqueInverseResult", &["values", "inverse_indices"])], gradient yes,
                example "unique_inverse([3, 1, 3])[1]" => "[1 0 1]", rust "np::unique_inverse(&tensor![3, 1, 3])?.1",
                samples ["unique_inverse(x[2, 3])", "unique_inverse([2, 1, 2])"],
                laws [],
            }
            /// The different elements, sorted, where each is first, which of them each element is, and how often each is there.
            unique_all(x: Array) -> [tuple ByArgument] {
                run sets::unique_all, aliases [], properties [ReadsValues, MakesArrays, KeepsOrder(0), Named("UniqueAllResult", &["values", "indices", "inverse_indices", "counts"])], gradient yes,
                example "unique_all([3, 1, 3])[3]" => "[1 2]", rust "np::unique_all(&tensor![3, 1, 3])?.counts",
                samples ["unique_all(x[2, 3])", "unique_all([2, 1, 2])"],
                laws [],
            }
            /// Returns true where an element is among the test elements.
            isin(element: Array, test_elements: Array, assume_unique: Bool = false, invert: Bool = false; Isin { kind: LookupKind = None }) -> [ByArgument] {
                run sets::isin, aliases [], properties [MakesArrays], torch "torch.isin", gradient no "its result is a boolean",
                example "isin([1, 2, 3], [3, 1])" => "[ True False  True]", rust "np::isin(&tensor![1, 2, 3], &tensor![3, 1])?",
                samples ["isin(x[2, 3], [1, 2, 5])", "isin(x[4], x[3], invert=True)", "isin([1, 2], [], kind='sort')", "isin(2, [[1, 2]], True)"],
                laws [],
            }
            /// The common elements of two arrays, sorted; on request also where they are first in each.
            intersect1d(ar1: Array, ar2: Array, assume_unique: Bool = false, return_indices: Bool = false) -> [asked ByArgument, ByArgument if return_indices, ByArgument if return_indices] {
                run sets::intersect1d, aliases [], properties [ReadsValues], gradient yes,
                example "intersect1d([3, 1, 2], [2, 3])" => "[2 3]", rust "np::intersect1d(&tensor![3, 1, 2], &tensor![2, 3])?",
                samples ["intersect1d([3, 1, 2, 3], [2, 3, 5], return_indices=True)", "intersect1d([1, 2], [2.0, 3.0], True)", "intersect1d([], [1])", "intersect1d([4, 2], [[2, 4], [4, 4]], False, True)"],
                laws [],
            }
            /// The elements of either array, sorted.
            union1d(ar1: Array, ar2: Array) -> [Vector] {
                run sets::union1d, aliases [], properties [ReadsValues], gradient yes,
                example "union1d([3, 1], [1, 2])" => "[1 2 3]", rust "np::union1d(&tensor![3, 1], &tensor![1, 2])?",
                samples ["union1d(x[2, 3], x[4])", "union1d([], x[2])"],
                laws [],
            }
            /// The elements of the first array that the second has not, sorted.
            setdiff1d(ar1: Array, ar2: Array, assume_unique: Bool = false) -> [Vector] {
                run sets::setdiff1d, aliases [], properties [ReadsValues, KeepsOrder(0)], gradient yes,
                example "setdiff1d([3, 1, 2], [1])" => "[2 3]", rust "np::setdiff1d(&tensor![3, 1, 2], &tensor![1], false)?",
                samples ["setdiff1d(x[2, 3], x[4])", "setdiff1d([3, 1, 2], [1], True)", "setdiff1d(x[3], [])"],
                laws [],
            }
            /// The elements of one array only, sorted.
            setxor1d(ar1: Array, ar2: Array, assume_unique: Bool = false) -> [Vector] {
                run sets::setxor1d, aliases [], properties [ReadsValues], gradient yes,
                example "setxor1d([3, 1], [1, 2])" => "[2 3]", rust "np::setxor1d(&tensor![3, 1], &tensor![1, 2], false)?",
                samples ["setxor1d(x[2, 3], x[4])", "setxor1d([3, 1], [1, 2], True)", "setxor1d([], [])"],
                laws [],
            }

            // ── bounds ──

            /// The elements limited to an interval, of which either bound may be missing; NaN stays. An element that is equal
            /// to a bound has no gradient, or half of it where the bound is an array, which gets the other half.
            clip(a: Array, a_min: OptNumber = None, a_max: OptNumber = None, out: Out = None; Clip { min: OptNumber = None, max: OptNumber = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run compare::clip, method "clip", aliases [], properties [Spreads], torch "torch.clamp", gradient yes,
                example "clip([1, 5, 9], 2, 6)" => "[2 5 6]", rust "np::clip(&tensor![1, 5, 9], 2, 6)?",
                samples ["clip(x[3, 4], 0.25, 1.75)", "clip(x[3, 4], x[4], x[3, 1])", "clip(x[4], None, 1.25)", "clip(x[4], 0.75, None)", "clip(x[4], max=1.25)", "clip(x[4], min=0.25, max=0.75)"],
                laws [],
            }

            // ── ufuncs that are programs ──

            /// What stands behind the point and what stands before it, both with the sign of `x`.
            modf(x: Number) -> [tuple ByArgument] {
                run composed::modf, positional_only 1, aliases [], torch "torch.frac", gradient yes,
                example "modf([1.5, -2.25])[0]" => "[ 0.5  -0.25]", rust "np::modf(&tensor![1.5, -2.25])?.0",
                samples ["modf(x[2, 3])", "modf([-3.0, 1e300, -0.25, inf, -inf, nan, -0.0])", "modf(2.5)"],
                laws [],
            }
            /// `m` and `e` of `x = m · 2^e` with `½ ≤ |m| < 1`; `e` is an `int32`, and 0 of zero, infinity and NaN.
            frexp(x: Number) -> [tuple ByArgument] {
                run composed::frexp, positional_only 1, aliases [], torch "torch.frexp", gradient yes,
                example "frexp([1.5, -8.0])[0]" => "[ 0.75 -0.5 ]", rust "np::frexp(&tensor![1.5, -8.0])?.0",
                samples ["frexp(x[2, 3])", "frexp([1e-310, 1e300, -0.25, 0.0, 1.0])", "frexp(0.3)"],
                laws ["array_equal(ldexp(*frexp(x[2, 3])), x[2, 3])"],
            }
            /// `x1 · 2^x2` for integers `x2`, rounded once.
            ldexp(x1: Number, x2: Number) -> [ByArgument] {
                run composed::ldexp, positional_only 2, aliases [], torch "torch.ldexp", gradient yes,
                example "ldexp([1.5, -1.0], [2, -1])" => "[ 6.  -0.5]", rust "np::ldexp(&tensor![1.5, -1.0], &tensor![2, -1])?",
                samples ["ldexp(x[2, 3], [1, -2, 0])", "ldexp([1.5, 3.0, 0.7], [-1074, -1075, 2000])", "ldexp(x[3], 2)", "ldexp([1.0, inf, nan], -70000)"],
                laws [],
            }
            /// The floor quotient and the remainder: `floor_divide` and `remainder`.
            divmod(x1: Number, x2: Number) -> [tuple ByArgument] {
                run composed::divmod, positional_only 2, aliases [], gradient yes,
                example "divmod([7, -7], 2)[0]" => "[ 3 -4]", rust "np::divmod(&tensor![7, -7], 2)?.0",
                samples ["divmod(x[2, 3], x[3])", "divmod([7, -7, 0], [2, 3, -4])", "divmod(x[3], 0.75)", "divmod(7, [2, -3])"],
                laws [],
            }
            /// How many bits of the absolute value are 1, as `uint8`.
            bitwise_count(x: Number) -> [ByArgument] {
                run composed::bitwise_count, positional_only 1, aliases [], gradient no "its result is an integer",
                example "bitwise_count([7, -8, 0])" => "[3 1 0]", rust "np::bitwise_count(&tensor![7, -8, 0])?",
                samples ["bitwise_count([[1, -1], [255, -128]])", "bitwise_count(7)", "bitwise_count([True, False])"],
                laws [],
            }
            /// The distance to the neighbouring number of the same dtype that is farther from zero, negative where `x` is; NaN of
            /// infinity.
            spacing(x: Number) -> [ByArgument] {
                run composed::spacing, positional_only 1, aliases [], gradient yes,
                example "spacing([1.0, -2.0])" => "[ 2.22044605e-16 -4.44089210e-16]", rust "np::spacing(&tensor![1.0, -2.0])?",
                oracle "lambda x: (lambda x: np.nextafter(x, np.where(x < 0, -np.inf, np.inf).astype(x.dtype)) - x)(np.asarray(x).astype(np.spacing(x).dtype))",
                samples ["spacing(x[2, 3])", "spacing([0.0, -0.0, 1e-310, -2.2e-308, 1e300, inf, nan])", "spacing(1)"],
                laws [],
            }
            /// The number of the same dtype that follows `x1` in the direction of `x2`.
            nextafter(x1: Number, x2: Number) -> [ByArgument] {
                run composed::nextafter, positional_only 2, aliases [], torch "torch.nextafter", gradient yes,
                example "nextafter([0.0], 1.0)" => "[5.e-324]", rust "np::nextafter(&tensor![0.0], 1.0)?",
                samples ["nextafter(x[2, 3], x[3])", "nextafter([0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, inf, -inf, 1.0, nan], [[1.0], [-1.0], [0.0], [inf], [nan]])", "nextafter(1, 2)"],
                laws [],
            }

            // ── comparisons ──

            /// `|a - b| ≤ atol + rtol · |b|` for each element.
            isclose(a: Number, b: Number, rtol: Number = 1e-5, atol: Number = 1e-8, equal_nan: Bool = false) -> [ByArgument] {
                run compare::isclose, aliases [], torch "torch.isclose", gradient no "its result is a boolean",
                example "isclose([1, 2], [1, 2.5])" => "[ True False]", rust "np::isclose(&tensor![1.0, 2.0], &tensor![1.0, 2.5])?",
                samples ["isclose(x[3], x[3])", "isclose(x[3], x[2, 3], 0.5)", "isclose(x[3], 1, atol=1)", "isclose(x[3], x[3], [0.1, 0.2, 0.3], 0.5)"],
                laws [],
            }
            /// Returns true where all elements are close; see `isclose`.
            allclose(a: Number, b: Number, rtol: Number = 1e-5, atol: Number = 1e-8, equal_nan: Bool = false) -> [plain "_bool"] {
                run compare::allclose, aliases [], properties [ReadsValues], torch "torch.allclose", gradient no "its result is a boolean",
                example "allclose([1, 2], [1, 2.5])" => "False", rust "np::allclose(&tensor![1.0, 2.0], &tensor![1.0, 2.5])?" => "false",
                samples ["allclose(x[3], x[3])", "allclose(x[3], x[2, 3], 0.5)", "allclose(x[3], x[3], equal_nan=True)"],
                laws [],
            }
            /// Returns true where both have the same shape and equal elements.
            array_equal(a1: Array, a2: Array, equal_nan: Bool = false) -> [plain "_bool"] {
                run compare::array_equal, aliases [], properties [ReadsValues], torch "torch.equal", gradient no "its result is a boolean",
                example "array_equal([1, 2], [1, 2])" => "True", rust "np::array_equal(&tensor![1, 2], &tensor![1, 2])" => "true",
                samples ["array_equal(x[3], x[3])", "array_equal(x[3], x[1, 3])", "array_equal(x[2], [0, 2], equal_nan=True)"],
                laws [],
            }

            // ── chosen by index or condition ──

            /// For each index the element of the array with that number, of several that broadcast together.
            choose(a: Array, choices: Numbers, out: Out = None, mode: Mode = Mode::Raise) -> [ByArgument] {
                run indexing::choose, method "choose", aliases [], properties [WritesBack], torch "torch.where", gradient yes,
                example "choose([1, 0, 1], [[1, 2, 3], [7, 8, 9]])" => "[7 2 9]", rust "np::choose(&tensor![1, 0, 1], &[&tensor![1, 2, 3], &tensor![7, 8, 9]])?",
                samples ["choose([1, 0, 1], [x[3], x[3]])", "choose([[0], [2]], (x[3], x[2, 1], x[()]))", "choose([5, -1], [x[2], x[2]], mode='wrap')", "choose([5, -1], [x[2], x[2]], mode='clip')", "choose([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [x[10], x[10], x[10], x[10], x[10], x[10], x[10], x[10], x[10], x[10]])"],
                laws [],
            }
            /// For each element the first of the choices whose condition is true, and the default where none is.
            select(condlist: Arrays, choicelist: Numbers, default: Number = 0) -> [ByArgument] {
                run indexing::select, aliases [], properties [MakesArrays], torch "torch.where", gradient yes,
                example "select([[True, False, False], [True, True, False]], [[1, 2, 3], [7, 8, 9]], 0)" => "[1 8 0]",
                rust "np::select(&[&tensor![true, false, false], &tensor![true, true, false]], &[&tensor![1, 2, 3], &tensor![7, 8, 9]], 0)?",
                samples ["select([[True, False], [True, True]], [x[2], x[2]])", "select([[[True], [False]]], [x[3]], default=x[1])", "select([[True, False, False], [False, True, False]], (x[3], 7), 2.5)"],
                laws [],
            }
            /// The elements along an axis where a condition is true, or those of the flattened array. A condition that is
            /// shorter is false beyond its end.
            compress(condition: Array, a: Array, axis: AxisOrFlat = None, out: Out = None) -> [ByArgument] {
                run indexing::compress, aliases [], properties [ReadsValues, WritesBack, KeepsOrder(1)], torch "torch.masked_select", gradient yes,
                example "compress([0, 1], [[1, 2], [3, 4]], 0)" => "[[3 4]]", rust "np::compress(&tensor![false, true], &tensor![[1, 2], [3, 4]], 0)?",
                samples ["compress([0, 1, 1], x[3, 2], 0)", "compress([True, False], x[2, 3], axis=1)", "compress([1, 0, 1, 1], x[2, 3])", "compress([0], x[2], axis=-1)"],
                laws [],
            }
            /// The elements of the flattened array where a condition, flattened too, is true.
            extract(condition: Array, arr: Array) -> [ByArgument] {
                run indexing::extract, aliases [], properties [ReadsValues, KeepsOrder(1)], torch "torch.masked_select", gradient yes,
                example "extract([[True, False], [False, True]], [[1, 2], [3, 4]])" => "[1 4]", rust "np::extract(&tensor![[true, false], [false, true]], &tensor![[1, 2], [3, 4]])?",
                samples ["extract([[0, 1], [1, 1]], x[2, 2])", "extract([True, False, True], x[3, 2])"],
                laws [],
            }

            // ── arrays written in place ──

            /// Writes values at places that count the elements in C order; values that are too few are repeated, and of equal
            /// places the last stays.
            put(a: Target, ind: Indices, v: Values, mode: Mode = Mode::Raise) -> [written] {
                run writes::put, method "put", aliases [], torch "torch.Tensor.put_", gradient yes,
                example "put([1, 2, 3], [0, -1], [7, 8])" => "[7 2 8]", rust "{ let mut x = tensor![1, 2, 3]; np::put(&mut x, &tensor![0, -1], &tensor![7, 8])?; x }",
                samples ["put(x[2, 3], [0, 4], x[2])", "put(x[3], [2, 2, 0], x[2])", "put(x[2, 2], 3, 7)", "put(x[4], [[9, -7]], x[1, 1], mode='wrap')", "put(x[4], [9, -7], x[3], 'clip')", "put(x[3], [], x[1])"],
                laws [],
            }
            /// Writes values over the elements where a mask is true: the first value over the first of them, and so on; values
            /// that are too few are repeated.
            place(arr: Target, mask: Array, vals: Values) -> [written] {
                run writes::place, aliases [], properties [ReadsValues], torch "torch.Tensor.masked_scatter_", gradient yes,
                example "place([1, 2, 3], [True, False, True], [7, 8])" => "[7 2 8]", rust "{ let mut x = tensor![1, 2, 3]; np::place(&mut x, &tensor![true, false, true], &tensor![7, 8])?; x }",
                samples ["place(x[2, 3], [[0, 1, 1], [1, 0, 1]], x[3])", "place(x[3], [1, 0, 1], x[1])", "place(x[3], [0, 0, 1], x[2, 2])", "place(x[2], [0, 0], [])"],
                laws [],
            }
            /// Writes over the elements where a mask is true the values at the same places, counted in C order; values that are
            /// too few are repeated.
            putmask(a: Target, mask: Array, values: Values) -> [written] {
                run writes::putmask, positional_only 1, aliases [], torch "torch.Tensor.masked_fill_", gradient yes,
                example "putmask([1, 2, 3], [True, False, True], [7, 8])" => "[7 2 7]", rust "{ let mut x = tensor![1, 2, 3]; np::putmask(&mut x, &tensor![true, false, true], &tensor![7, 8])?; x }",
                samples ["putmask(x[2, 3], [[0, 1, 1], [1, 0, 1]], x[2, 3])", "putmask(x[3], [1, 0, 1], x[1])", "putmask(x[5], [0, 1, 1, 0, 1], x[2])", "putmask(x[2], [1, 1], [])"],
                laws [],
            }
            /// Writes values at indices along an axis, one index for each of them; the other axes broadcast.
            put_along_axis(arr: Target, indices: Indices, values: Values, axis: AxisOrFlat) -> [written] {
                run writes::put_along_axis, aliases [], torch "torch.Tensor.scatter_", gradient yes,
                example "put_along_axis([[1, 2], [3, 4]], [[1], [0]], 9, 1)" => "[[1 9]\n [9 4]]", rust "{ let mut x = tensor![[1, 2], [3, 4]]; np::put_along_axis(&mut x, &tensor![[1], [0]], &Tensor::scalar(9), 1)?; x }",
                oracle "lambda arr, indices, values, axis: np.put_along_axis(arr, np.asarray(indices), values, axis)",
                samples ["put_along_axis(x[2, 3], [[0, 2], [1, -1]], x[2, 2], 1)", "put_along_axis(x[3, 2], [[2, 0]], 5, axis=0)", "put_along_axis(x[2, 3], [[1]], x[2, 1], -1)"],
                laws ["array_equal((lambda x: (put_along_axis(x, array([5, 0]), 7, None), x)[1])(zeros((2, 3))), [[7, 0, 0], [0, 0, 7]])"],
            }
            /// Writes an array, broadcast and converted as the rule allows, over another where a mask is true.
            copyto(dst: Target, src: Number, casting: Casting = Casting::SameKind, r#where: Mask = true) -> [written] {
                run writes::copyto, aliases [], torch "torch.Tensor.copy_", gradient yes,
                example "copyto([1, 2, 3], 7)" => "[7 7 7]", rust "{ let mut x = tensor![1, 2, 3]; np::copyto(&mut x, &Tensor::scalar(7))?; x }",
                samples ["copyto(x[2, 3], x[3])", "copyto(x[2, 3], x[2, 1], where=[True, False, True])", "copyto(x[2], 1)", "copyto(x[2], [1, 2], 'unsafe')"],
                laws [],
            }
            /// Writes values over the main diagonal; with `wrap` that of a tall matrix goes on after each square.
            fill_diagonal(a: Target, val: Values, wrap: Bool = false) -> [written] {
                run writes::fill_diagonal, aliases [], torch "torch.Tensor.fill_diagonal_", gradient yes,
                example "fill_diagonal([[1, 2], [3, 4]], 0)" => "[[0 2]\n [3 0]]", rust "{ let mut x = tensor![[1, 2], [3, 4]]; np::fill_diagonal(&mut x, &Tensor::scalar(0), false)?; x }",
                samples ["fill_diagonal(x[3, 3], 5)", "fill_diagonal(x[5, 2], x[2], wrap=True)", "fill_diagonal(x[5, 2], 1)", "fill_diagonal(x[2, 3], x[4])", "fill_diagonal(x[2, 2, 2], x[2])"],
                laws [],
            }

            // ── indices ──

            /// The indices of the main diagonal of an array of `ndim` axes of length `n`.
            diag_indices(n: Count, ndim: Count = 2) -> [tuple ByArgument] {
                run indexing::diag_indices, aliases [], gradient no "its result is an index",
                example "diag_indices(3)[0]" => "[0 1 2]", rust "np::diag_indices(3)?[0]",
                samples ["diag_indices(3)", "diag_indices(2, ndim=3)", "diag_indices(0)"],
                laws [],
            }
            /// The indices of the main diagonal of an array.
            diag_indices_from(arr: Array) -> [tuple Vector of i64] {
                run indexing::diag_indices_from, aliases [], gradient no "its result is an index",
                example "diag_indices_from([[1, 2], [3, 4]])[0]" => "[0 1]", rust "np::diag_indices_from(&tensor![[1, 2], [3, 4]])?[0]",
                samples ["diag_indices_from(x[3, 3])", "diag_indices_from(x[2, 2, 2])"],
                laws [],
            }
            /// The indices of the lower triangle of an `n` × `m` matrix, up to the `k`-th diagonal.
            tril_indices(n: Count, k: Int = 0, m: OptCount = None) -> [tuple ByArgument] {
                run indexing::tril_indices, aliases [], properties [WholeFloats], torch "torch.tril_indices", gradient no "its result is an index",
                example "tril_indices(2)[1]" => "[0 0 1]", rust "np::tril_indices(2, 0, 2)?[1]",
                samples ["tril_indices(3)", "tril_indices(3, 1)", "tril_indices(2, k=-1, m=4)", "tril_indices(0)"],
                laws [],
            }
            /// The indices of the upper triangle of an `n` × `m` matrix, from the `k`-th diagonal on.
            triu_indices(n: Count, k: Int = 0, m: OptCount = None) -> [tuple ByArgument] {
                run indexing::triu_indices, aliases [], properties [WholeFloats], torch "torch.triu_indices", gradient no "its result is an index",
                example "triu_indices(2)[1]" => "[0 1 1]", rust "np::triu_indices(2, 0, 2)?[1]",
                samples ["triu_indices(3)", "triu_indices(3, 1)", "triu_indices(2, k=-1, m=4)", "triu_indices(0)"],
                laws [],
            }
            /// The indices of the lower triangle of a matrix, up to the `k`-th diagonal.
            tril_indices_from(arr: Array, k: Int = 0) -> [tuple Vector of i64] {
                run indexing::tril_indices_from, aliases [], properties [WholeFloats], gradient no "its result is an index",
                example "tril_indices_from([[1, 2], [3, 4]])[0]" => "[0 1 1]", rust "np::tril_indices_from(&tensor![[1, 2], [3, 4]], 0)?[0]",
                samples ["tril_indices_from(x[3, 3])", "tril_indices_from(x[2, 4], 1)"],
                laws ["allclose(sum(x[3, 4][tril_indices_from(x[3, 4])]), sum(tril(x[3, 4])))"],
            }
            /// The indices of the upper triangle of a matrix, from the `k`-th diagonal on.
            triu_indices_from(arr: Array, k: Int = 0) -> [tuple Vector of i64] {
                run indexing::triu_indices_from, aliases [], properties [WholeFloats], gradient no "its result is an index",
                example "triu_indices_from([[1, 2], [3, 4]])[0]" => "[0 0 1]", rust "np::triu_indices_from(&tensor![[1, 2], [3, 4]], 0)?[0]",
                samples ["triu_indices_from(x[3, 3])", "triu_indices_from(x[2, 4], 1)"],
                laws [],
            }
            /// Indices that broadcast to a grid: `x[ix_(rows, columns)]` are those rows and columns. Booleans are their places.
            ix_(args: EachIndices) -> [tuple ByArgument] {
                run indexing::ix_, aliases [], properties [ReadsValues], gradient no "its result is an index",
                example "ix_([0, 2], [1, 3])[0]" => "[[0]\n [2]]", rust "np::ix_([&tensor![0, 2], &tensor![1, 3]])?[0]",
                samples ["ix_([0, 1], [2, 4])", "ix_([True, False, True], [1])", "ix_([3], [0, 1], [2])", "ix_([])"],
                laws [],
            }
            /// The number of an element, counted in C order (or Fortran order), from its index along each axis.
            ravel_multi_index(multi_index: Arrays, dims: Shape, mode: Modes = Mode::Raise, order: Order = Order::C) -> [ByArgument] {
                run indexing::ravel_multi_index, aliases [], gradient no "its result is an index",
                example "ravel_multi_index(([1, 0], [2, 1]), (2, 3))" => "[5 1]", rust "np::ravel_multi_index([&tensor![1, 0], &tensor![2, 1]], [2, 3])?",
                samples ["ravel_multi_index(([1, 0], [2, 1]), (2, 3))", "ravel_multi_index((1, [[0], [3]], [1, 2]), (2, 4, 3), order='F')", "ravel_multi_index(([5, -1], [7, -2]), (2, 3), ('wrap', 'clip'))", "ravel_multi_index([[3, 1]], (4,))", "ravel_multi_index((1, 2), (2, 3), mode='clip')"],
                laws [],
            }
            /// The index along each axis of an element, from its number in C order (or Fortran order).
            unravel_index(indices: Array, shape: Shape, order: Order = Order::C) -> [tuple ByArgument] {
                run indexing::unravel_index, aliases [], torch "torch.unravel_index", gradient no "its result is an index",
                example "unravel_index([5, 1], (2, 3))[0]" => "[1 0]", rust "np::unravel_index(&tensor![5, 1], [2, 3])?[0]",
                samples ["unravel_index([5, 1], (2, 3))", "unravel_index([[5], [11]], (2, 2, 3), order='F')", "unravel_index(4, (5,))"],
                laws ["array_equal(ravel_multi_index(unravel_index([7, 3, 0], (2, 3, 2)), (2, 3, 2)), [7, 3, 0])"],
            }
            /// Arrays in nested lists put together: the innermost lists along the last axis, the next along the one before it.
            block(arrays: Nested) -> [ByArgument] {
                run indexing::block, aliases [], properties [MakesArrays], torch "torch.cat", gradient yes,
                example "block([[1, 2], [3, 4]])" => "[[1 2]\n [3 4]]", rust "np::block(&[&[&tensor![[1]], &tensor![[2]]], &[&tensor![[3]], &tensor![[4]]]])?",
                samples ["block([[x[2, 2], x[2, 1]], [x[1, 3]]])", "block([x[2], x[3]])", "block(x[2, 2])", "block([[1, 2], [3, 4]])", "block([x[2], 5])"],
                laws [],
            }

            // ── bits and memory ──

            /// Booleans as the bits of bytes, eight in one, along an axis or of the flattened array.
            packbits(a: Array, axis: AxisOrFlat = None, bitorder: BitOrder = BitOrder::Big) -> [ByArgument] {
                run bits::packbits, positional_only 1, aliases [], gradient no "its result is an integer",
                example "packbits([1, 0, 1])" => "[160]", rust "np::packbits(&tensor![1, 0, 1], 0, np::BitOrder::Big)?",
                samples ["packbits([1, 0, 1])", "packbits([[1, 0, 1, 0, 1, 1, 1, 1, 1], [0, 0, 0, 2, 0, 0, 0, 0, 0]])", "packbits([[1, 0, 1], [0, 1, 1]], axis=0)", "packbits([[True, False]], 1, 'little')", "packbits([[1, 2, 3]], axis=-1, bitorder='little')"],
                laws [],
            }
            /// The bits of bytes as numbers 0 and 1, along an axis or of the flattened array. `count` limits them, or, below
            /// zero, leaves so many out at the end; zeros fill up what is missing.
            unpackbits(a: Array, axis: AxisOrFlat = None, count: OptInt = None, bitorder: BitOrder = BitOrder::Big) -> [ByArgument] {
                run bits::unpackbits, positional_only 1, aliases [], gradient no "its result is an integer",
                example "unpackbits(astype([160], 'uint8'))" => "[1 0 1 0 0 0 0 0]", rust "np::unpackbits(&tensor![160u8], 0, np::BitOrder::Big)?",
                samples ["unpackbits(astype([160, 3], 'uint8'))", "unpackbits(astype([[160, 3], [1, 2]], 'uint8'), axis=0, bitorder='little')", "unpackbits(astype([7], 'uint8'), count=11)", "unpackbits(astype([7, 9], 'uint8'), count=-3)"],
                laws ["array_equal(unpackbits(packbits([[1, 0, 1, 1], [0, 0, 1, 0]], axis=1), axis=1, count=4), [[1, 0, 1, 1], [0, 0, 1, 0]])", "array_equal(unpackbits(packbits([1, 0, 1], bitorder='little'), bitorder='little', count=-5), [1, 0, 1])"],
            }
            /// Returns true where an element of one array lies on one of the other.
            shares_memory(a: Array, b: Array, max_work: OptInt = -1) -> [plain "_bool"] {
                run memory::shares_memory, positional_only 2, aliases [], gradient no "its result is a boolean",
                example "shares_memory([1, 2], [1, 2])" => "False", rust "np::shares_memory(&tensor![1, 2], &tensor![1, 2])?" => "false",
                samples ["shares_memory(x[3], x[3])"],
                laws ["shares_memory(*(lambda x: (x, x[1:]))(x[3]))", "not shares_memory(*(lambda x: (x[::2], x[1::2]))(x[6]))"],
            }
            /// Returns true where the memory that two arrays cover meets; elements need not lie on each other.
            may_share_memory(a: Array, b: Array, max_work: OptInt = 0) -> [plain "_bool"] {
                run memory::may_share_memory, positional_only 2, aliases [], gradient no "its result is a boolean",
                example "may_share_memory([1, 2], [1, 2])" => "False", rust "np::may_share_memory(&tensor![1, 2], &tensor![1, 2])?" => "false",
                samples ["may_share_memory(x[3], x[3])"],
                laws ["may_share_memory(*(lambda x: (x[::2], x[1::2]))(x[6]))"],
            }
            /// Returns true where an array lies in Fortran order and not in C order.
            isfortran(a: Array) -> [plain "_bool"] {
                run memory::isfortran, aliases [], gradient no "its result is a boolean",
                example "isfortran([[1, 2], [3, 4]])" => "False", rust "np::isfortran(&tensor![[1, 2], [3, 4]])?" => "false",
                samples ["isfortran(x[2, 3])", "isfortran(x[3])"],
                laws ["isfortran(transpose(x[2, 3]))"],
            }
            /// The array in Fortran order, with at least one axis: itself where it lies so already, else a copy.
            asfortranarray(a: Array, dtype: OptDType = None) -> [ByArgument] {
                run memory::asfortranarray, aliases [], properties [KeepsItself, MakesArrays, TakesLike, KeepsOrder(0)], gradient yes,
                example "asfortranarray([1, 2])" => "[1 2]", rust "np::asfortranarray(&tensor![1, 2])?",
                samples ["asfortranarray(x[2, 3])", "asfortranarray(x[()])", "asfortranarray(x[2], dtype='float32')"],
                laws ["isfortran(asfortranarray(x[2, 3]))"],
            }
            /// The array, in which every number is finite.
            asarray_chkfinite(a: Array, dtype: OptDType = None, order: Order = Order::K) -> [ByArgument] {
                run memory::asarray_chkfinite, aliases [], properties [KeepsItself, ReadsValues, MakesArrays, KeepsOrder(0)], gradient yes,
                example "asarray_chkfinite([1, 2])" => "[1 2]", rust "np::asarray_chkfinite(&tensor![1, 2])?",
                samples ["asarray_chkfinite(x[2, 3])", "asarray_chkfinite(x[2], 'complex128')", "asarray_chkfinite(x[2, 3], order='F')"],
                laws [],
            }
            /// The array with memory that meets requirements, by name or letter: 'C', 'F', 'A'(ligned), 'W'(riteable), 'O'(wned).
            require(a: Array, dtype: OptDType = None, requirements: Requirements = None) -> [ByArgument] {
                run memory::require, aliases [], properties [KeepsItself, MakesArrays, TakesLike, KeepsOrder(0)], gradient yes,
                example "require([1, 2], requirements='C')" => "[1 2]", rust "np::require(&tensor![1, 2], \"C\")?",
                samples ["require(x[2, 3], None, ['C', 'A'])", "require(x[2, 3], 'float32', 'FW')", "require(x[3])"],
                laws [],
            }

            // ── sums of products ──

            /// The sum of products over labelled axes: `'ij,jk->ik'` is the matrix product. A label that stands in several
            /// terms joins their axes, one that is not in the result is summed over, one that stands twice in a term takes the
            /// diagonal, and `...` stands for all other axes, which broadcast. Without `->` the result has the labels that
            /// stand once, in alphabetic order. In place of subscripts each array may be followed by a list of numbers.
            einsum(operands: Subscripts; Einsum { out: Out = None, optimize: Optimize = Optimize::No, dtype: OptDType = None, order: Order = Order::K, casting: Casting = Casting::Safe }) -> [ByArgument] {
                run einsum::einsum, aliases [], torch "torch.einsum", gradient yes,
                example "einsum('ij,j->i', [[1, 2], [3, 4]], [1, 1])" => "[3 7]", rust "np::einsum(\"ij,j->i\", &[&tensor![[1, 2], [3, 4]], &tensor![1, 1]])?",
                samples [
                    "einsum('ij,jk->ik', x[2, 3], x[3, 4])", "einsum('ij,jk', x[2, 3], x[3, 2])", "einsum('bij,bjk->bik', x[2, 3, 4], x[2, 4, 2])", "einsum('ij,kj->', x[2, 3], x[4, 3])",
                    "einsum('ijk,kl->ijl', x[2, 3, 4], x[4, 2])", "einsum('ij->ji', x[2, 3])", "einsum('ba', x[2, 3])", "einsum('ii->i', x[3, 3])", "einsum('ii', x[3, 3])", "einsum('ij->', x[2, 3])", "einsum('iij,jk->ki', x[2, 2, 3], x[3, 4])",
                    "einsum('i,j->ij', x[2], x[3])", "einsum('i,i->i', x[4], x[4])", "einsum('ij,ij->i', x[2, 3], x[2, 3])", "einsum('i,i->', x[40], x[40])", "einsum('bi,bi->b', x[2, 40], x[2, 40])",
                    "einsum('...ij,...jk->...ik', x[2, 1, 2, 3], x[3, 3, 2])", "einsum('...,i', x[2, 1], x[3])", "einsum('i...->...', x[2, 3])", "einsum('ij,jk,kl->il', x[2, 3], x[3, 4], x[4, 2])",
                    "einsum('ab,bc,cd,da->a', x[2, 3], x[3, 2], x[2, 2], x[2, 2], optimize='optimal')", "einsum('ij,jk,ki->i', x[2, 3], x[3, 4], x[4, 2], optimize=True)", "einsum(x[2, 3], [0, 1], x[3, 2], [1, 2], [2, 0])", "einsum(x[2, 3], [1, 0])",
                    "einsum('ij,jk->ik', x[1, 3], x[3, 2], order='F')", "einsum('i,ij->j', x[1], x[3, 2])", "einsum('ij,jk->ik', x[2, 3], x[3, 2], dtype='complex128')", "einsum('i,i,i->i', x[2], x[2], x[2], optimize=['einsum_path', (0, 1), (0, 1)])",
                ],
                laws ["allclose(einsum('ij,jk->ik', x[3, 4], x[4, 2]), matmul(x[3, 4], x[4, 2]))"],
            }
            /// The order in which `einsum` contracts its arrays, and a text that describes it.
            einsum_path(operands: Subscripts; EinsumPath { optimize: Optimize = Optimize::Greedy(None), einsum_call: Bool = false }) -> [plain "tuple[list[Any], _str]"] {
                run einsum::einsum_path, aliases [], gradient no "its result is no array",
                example "einsum_path('ij,jk,kl->il', [[1, 2]], [[1], [1]], [[3]])[0]" => "['einsum_path', (0, 1), (0, 1)]", rust "np::einsum_path(\"ij,jk,kl->il\", &[&tensor![[1, 2]], &tensor![[1], [1]], &tensor![[3]]], \"greedy\")?.0.len()" => "2",
                samples ["einsum_path('ij,jk,kl->il', x[2, 2], x[2, 5], x[5, 2])", "einsum_path('ea,fb,abcd,gc,hd->efgh', x[3, 3], x[3, 3], x[3, 3, 3, 3], x[3, 3], x[3, 3], optimize='optimal')", "einsum_path('ea,fb,abcd,gc,hd->efgh', x[3, 3], x[3, 3], x[3, 3, 3, 3], x[3, 3], x[3, 3])", "einsum_path('ij,jk->ik', x[2, 3], x[3, 4], optimize=False)", "einsum_path('a,b,c,d->abcd', x[2], x[3], x[4], x[5], optimize=('greedy', 9))"],
                laws [],
            }
            /// Sums of products over an axis of both, the first conjugated; the other axes broadcast.
            vecdot(x1: Array, x2: Array, out: Out = None; Vecdot { axis: Axis = -1, dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run einsum::vecdot, positional_only 2, aliases [], properties [Product, Generalised("(n),(n)->()")], torch "torch.linalg.vecdot", gradient yes,
                example "vecdot([[1, 2], [3, 4]], [1, 1])" => "[3 7]", rust "np::vecdot(&tensor![[1, 2], [3, 4]], &tensor![1, 1])?",
                samples ["vecdot(x[3], x[3])", "vecdot(x[2, 3], x[3])", "vecdot(x[3, 2], x[3, 2], axis=0)", "vecdot(x[2, 40], x[3, 1, 40])"],
                laws [],
            }
            /// The product of matrices and vectors; the axes before them broadcast.
            matvec(x1: Array, x2: Array, out: Out = None; Matvec { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run einsum::matvec, positional_only 2, aliases [], properties [Product, Generalised("(m,n),(n)->(m)")], torch "torch.mv", gradient yes,
                example "matvec([[1, 2], [3, 4]], [1, 1])" => "[3 7]", rust "np::matvec(&tensor![[1, 2], [3, 4]], &tensor![1, 1])?",
                samples ["matvec(x[2, 3], x[3])", "matvec(x[2, 2, 3], x[2, 3])", "matvec(x[2, 3], x[4, 3])"],
                laws [],
            }
            /// The product of vectors, conjugated, and matrices; the axes before them broadcast.
            vecmat(x1: Array, x2: Array, out: Out = None; Vecmat { dtype: OptDType = None, casting: Casting = Casting::SameKind }) -> [ByArgument] {
                run einsum::vecmat, positional_only 2, aliases [], properties [Product, Generalised("(n),(n,m)->(m)")], gradient yes,
                example "vecmat([1, 1], [[1, 2], [3, 4]])" => "[4 6]", rust "np::vecmat(&tensor![1, 1], &tensor![[1, 2], [3, 4]])?",
                samples ["vecmat(x[2], x[2, 3])", "vecmat(x[4, 2], x[2, 3])", "vecmat(x[2, 2], x[2, 2, 3])"],
                laws [],
            }

            // ── PyTorch's gathers and scatters ──

            /// The elements at indices along an axis: `input[i, index[i, j]]` for axis 1. The other axes may have fewer indices.
            gather(input: Array, dim: Axis, index: Indices) -> [ByArgument] {
                run scatter::gather, aliases [], torch "torch.gather", gradient yes,
                example "gather([[1, 2], [3, 4]], 1, [[0, 0], [1, 0]])" => "[[1 1]\n [4 3]]", rust "np::gather(&tensor![[1, 2], [3, 4]], 1, &tensor![[0, 0], [1, 0]])?",
                oracle "oracle.gather",
                samples ["gather(x[3, 4], 1, [[0, 3], [2, 2]])", "gather(x[3, 4], 0, [[2, 0, 1, 1]])", "gather(x[5], -1, [4, 0, 0])", "gather(x[2, 3, 2], dim=1, index=[[[0, 2]], [[1, 1]]])"],
                laws [],
            }
            /// A copy of the array with elements placed at indices along an axis, of equal places the last.
            scatter(input: Array, dim: Axis, index: Indices, src: Number) -> [ByArgument] {
                run scatter::scatter, aliases [], torch "torch.scatter", gradient yes,
                example "scatter([[1, 2], [3, 4]], 1, [[1], [0]], 9)" => "[[1 9]\n [9 4]]", rust "np::scatter(&tensor![[1, 2], [3, 4]], 1, &tensor![[1], [0]], &Tensor::scalar(9))?",
                oracle "oracle.scatter",
                samples ["scatter(x[3, 4], 1, [[0, 3], [2, 1]], x[2, 2])", "scatter(x[3, 4], 0, [[2, 0, 1, 1]], x[3, 4])", "scatter(x[5], -1, [4, 0, 2], 7)", "scatter(x[5], 0, [4, 4, 2], x[3])"],
                laws [],
            }
            /// A copy of the array with elements added at indices along an axis.
            scatter_add(input: Array, dim: Axis, index: Indices, src: Number) -> [ByArgument] {
                run scatter::scatter_add, aliases [], torch "torch.scatter_add", gradient yes,
                example "scatter_add([1, 2, 3], 0, [0, 2, 0], [1, 1, 1])" => "[3 2 4]", rust "np::scatter_add(&tensor![1, 2, 3], 0, &tensor![0, 2, 0], &tensor![1, 1, 1])?",
                oracle "oracle.scatter_add",
                samples ["scatter_add(x[3, 4], 1, [[0, 3, 0], [2, 1, 2]], x[2, 3])", "scatter_add(x[3, 4], 0, [[2, 0, 1, 1], [2, 1, 1, 0]], x[3, 4])", "scatter_add(x[5], -1, [4, 0, 4], x[3])"],
                laws [],
            }
            /// A copy of the array with elements reduced to indices along an axis: their sum, product, mean, maximum or minimum,
            /// together with the element that is there or, with `include_self=False`, without it. Equal extremes share the
            /// gradient.
            scatter_reduce(input: Array, dim: Axis, index: Indices, src: Number, reduce: Reduce; ScatterReduce { include_self: Bool = true }) -> [ByArgument] {
                run scatter::scatter_reduce, aliases [], torch "torch.scatter_reduce", gradient yes,
                example "scatter_reduce([1, 2, 3], 0, [0, 2, 0], [5, 6, 7], 'amax')" => "[7 2 6]", rust "np::scatter_reduce(&tensor![1, 2, 3], 0, &tensor![0, 2, 0], &tensor![5, 6, 7], np::Reduce::Amax, true)?",
                oracle "oracle.scatter_reduce",
                samples [
                    "scatter_reduce(x[3, 4], 1, [[0, 3, 0], [2, 1, 2]], x[2, 3], 'sum')", "scatter_reduce(x[3, 4], 0, [[2, 0, 1, 1], [2, 1, 1, 0]], x[3, 4], 'prod')", "scatter_reduce(x[5], -1, [4, 0, 4], x[3], 'mean')",
                    "scatter_reduce(x[5], 0, [4, 0, 4], x[3], 'amax', include_self=False)", "scatter_reduce(x[5], 0, [4, 0, 4], x[3], 'amin')", "scatter_reduce(x[5], 0, [4, 0, 4], x[3], 'mean', include_self=False)", "scatter_reduce(x[5], 0, [4, 0, 4], x[3], 'prod', include_self=False)",
                ],
                laws [],
            }
            /// The elements, or parts, at indices that stand along the last axis, one for each of the first axes of the array.
            gather_nd(input: Array, indices: Indices) -> [ByArgument] {
                run scatter::gather_nd, aliases [], gradient yes,
                example "gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]])" => "[2 3]", rust "np::gather_nd(&tensor![[1, 2], [3, 4]], &tensor![[0, 1], [1, 0]])?",
                oracle "lambda input, indices: input[tuple(np.moveaxis(np.asarray(indices), -1, 0))]",
                samples ["gather_nd(x[3, 4], [[0, 1], [2, -1]])", "gather_nd(x[3, 4], [[2], [0]])", "gather_nd(x[2, 3, 2], [[[0, 1, 1]], [[1, 2, 0]]])"],
                laws [],
            }
            /// The slices at indices along an axis.
            index_select(input: Array, dim: Axis, index: Indices) -> [ByArgument] {
                run scatter::index_select, aliases [], torch "torch.index_select", gradient yes,
                example "index_select([[1, 2], [3, 4]], 1, [1, 1])" => "[[2 2]\n [4 4]]", rust "np::index_select(&tensor![[1, 2], [3, 4]], 1, &tensor![1, 1])?",
                oracle "lambda input, dim, index: np.take(input, index, dim)",
                samples ["index_select(x[3, 4], 0, [2, 0])", "index_select(x[3, 4], -1, [1, 1, 3])"],
                laws [],
            }
            /// A copy of the array with values at what arrays of indices or masks pick, or with values added there: at equal places
            /// all of them.
            index_put(input: Array, indices: Arrays, values: Number, accumulate: Bool = false) -> [ByArgument] {
                run scatter::index_put, aliases [], torch "torch.index_put", gradient yes,
                example "index_put([1, 2, 3], [[0, 2]], [7, 8])" => "[7 2 8]", rust "np::index_put(&tensor![1, 2, 3], &[&tensor![0, 2]], &tensor![7, 8], false)?",
                oracle "oracle.index_put",
                samples ["index_put(x[3, 4], ([0, 2], [1, 3]), x[2])", "index_put(x[3, 4], ([2, 0],), x[4])", "index_put(x[3, 4], ([0, 0], [1, 1]), x[2], True)", "index_put(x[3], [[True, False, True]], x[2])"],
                laws [],
            }
            /// A copy of the array with slices added at indices along an axis, times `alpha`.
            index_add(input: Array, dim: Axis, index: Indices, source: Array; IndexAdd { alpha: Number = 1 }) -> [ByArgument] {
                run scatter::index_add, aliases [], torch "torch.index_add", gradient yes,
                example "index_add([1, 2, 3], 0, [0, 0], [1, 1])" => "[3 2 3]", rust "np::index_add(&tensor![1, 2, 3], 0, &tensor![0, 0], &tensor![1, 1])?",
                oracle "oracle.index_add",
                samples ["index_add(x[3, 4], 0, [2, 0, 2], x[3, 4])", "index_add(x[3, 4], -1, [1, 1], x[3, 2])", "index_add(x[3], 0, [1], x[1], alpha=2)"],
                laws [],
            }
            /// A number where a mask is true, the elements elsewhere.
            masked_fill(input: Array, mask: Array, value: Number) -> [ByArgument] {
                run scatter::masked_fill, aliases [], torch "torch.masked_fill", gradient yes,
                example "masked_fill([1, 2, 3], [True, False, True], 0)" => "[0 2 0]", rust "np::masked_fill(&tensor![1, 2, 3], &tensor![true, false, true], 0)?",
                oracle "lambda input, mask, value: np.where(mask, np.asarray(value).astype(input.dtype), input)",
                samples ["masked_fill(x[2, 3], [[True, False, True]], 1)", "masked_fill(x[2, 2], [[True, False], [False, True]], x[()])", "masked_fill(x[3], [[True], [False]], 1)"],
                laws [],
            }
            /// The elements where a mask is true, as a vector; the two broadcast together.
            masked_select(input: Array, mask: Array) -> [ByArgument] {
                run scatter::masked_select, aliases [], properties [ReadsValues], torch "torch.masked_select", gradient yes,
                example "masked_select([1, 2, 3], [True, False, True])" => "[1 3]", rust "np::masked_select(&tensor![1, 2, 3], &tensor![true, false, true])?",
                oracle "lambda input, mask: (lambda x, m: x[m])(*np.broadcast_arrays(input, mask))",
                samples ["masked_select(x[2, 3], [True, False, True])", "masked_select(x[3], [[True], [False]])", "masked_select(x[2, 2], [[True, False], [False, True]])"],
                laws [],
            }
            /// A copy of the array with the elements of another, in C order, where a mask is true.
            masked_scatter(input: Array, mask: Array, source: Array) -> [ByArgument] {
                run scatter::masked_scatter, aliases [], properties [ReadsValues], torch "torch.masked_scatter", gradient yes,
                example "masked_scatter([1, 2, 3], [True, False, True], [7, 8])" => "[7 2 8]", rust "np::masked_scatter(&tensor![1, 2, 3], &tensor![true, false, true], &tensor![7, 8])?",
                oracle "oracle.masked_scatter",
                samples ["masked_scatter(x[2, 3], [True, False, True], x[4])", "masked_scatter(x[2, 2], [[True, False], [False, True]], x[2, 2])"],
                laws [],
            }
            /// Each element repeated, so many times or each by its own count; PyTorch's name of `repeat`.
            repeat_interleave(input: Array, repeats: Times, dim: AxisOrFlat = None) -> [Along] {
                run scatter::repeat_interleave, aliases [], torch "torch.repeat_interleave", gradient yes,
                example "repeat_interleave([1, 2], 2)" => "[1 1 2 2]", rust "np::repeat_interleave(&tensor![1, 2], 2, ..)?",
                oracle "lambda input, repeats, dim=None: np.repeat(input, repeats, dim)",
                samples ["repeat_interleave(x[2, 3], 2)", "repeat_interleave(x[2, 3], [1, 2], dim=0)"],
                laws [],
            }
            /// Windows of `size` elements along an axis, `step` apart, as a new last axis; a view.
            unfold(input: Array, dimension: Axis, size: Count, step: Count) -> [Plus1] {
                run scatter::unfold, aliases [], torch "torch.Tensor.unfold", gradient yes,
                example "unfold([1, 2, 3, 4], 0, 2, 1)" => "[[1 2]\n [2 3]\n [3 4]]", rust "np::unfold(&tensor![1, 2, 3, 4], 0, 2, 1)?",
                oracle "lambda input, dimension, size, step: np.moveaxis(np.moveaxis(np.lib.stride_tricks.sliding_window_view(input, size, dimension), dimension, 0)[::step], 0, dimension)",
                samples ["unfold(x[5], 0, 2, 1)", "unfold(x[2, 7], 1, 3, 2)", "unfold(x[4, 2], dimension=0, size=2, step=2)"],
                laws [],
            }
            /// The rows of a matrix at indices. The row `padding_idx` gets no gradient.
            embedding(input: Indices, weight: Array, padding_idx: OptInt = None) -> [ByArgument] {
                run scatter::embedding, aliases [], torch "torch.nn.functional.embedding", gradient yes,
                example "embedding([1, 0], [[1, 2], [3, 4]])" => "[[3 4]\n [1 2]]", rust "np::embedding(&tensor![1, 0], &tensor![[1, 2], [3, 4]], None)?",
                oracle "lambda input, weight, padding_idx=None: np.take(weight, input, 0)",
                samples ["embedding([2, 0, 2], x[3, 4])", "embedding([[1], [0]], x[2, 3])"],
                laws [],
            }

            // ── signals ──

            /// The convolution of two vectors: `y[k] = Σ a[k - j] v[j]`. Integers are exact.
            convolve(a: Array, v: Array, mode: ConvolveMode = ConvolveMode::Full) -> [Vector] {
                run signal::convolve, aliases [], torch "torch.nn.functional.conv1d", gradient yes,
                example "convolve([1, 2, 3], [0, 1, 2])" => "[0 1 4 7 6]", rust "np::convolve(&tensor![1, 2, 3], &tensor![0, 1, 2], np::ConvolveMode::Full)?",
                samples ["convolve(x[5], x[3])", "convolve(x[2], x[6])", "convolve(x[7], x[4], 'same')", "convolve(x[3], x[8], mode='same')", "convolve(x[7], x[3], 'valid')", "convolve(x[3], x[7], 'valid')", "convolve(x[4], x[4], 'valid')", "convolve(x[()], x[3])"],
                laws ["allclose(convolve(x[5], x[3]), convolve(x[3], x[5]))"],
            }
            /// The convolution of two planes, the last two axes: `y[r, c] = Σ in1[r - i, c - j] in2[i, j]`. SciPy's `signal.convolve2d`; leading axes
            /// are a batch. Beyond the borders of `in1` lies `fillvalue`, or with `boundary` `'wrap'` what lies at the other end, `'symm'` the mirrored
            /// plane. Kernels of more than some hundred elements are faster by Fourier transforms: `fft.fftconvolve`.
            convolve2d(in1: Array, in2: Array, mode: ConvolveMode = ConvolveMode::Full, boundary: Boundary = Boundary::Fill, fillvalue: Number = 0) -> [Larger] {
                run signal::convolve2d, aliases [], torch "torch.nn.functional.conv2d", gradient yes,
                example "convolve2d([[1, 2], [3, 4]], [[1, 1]])" => "[[1 3 2]\n [3 7 4]]", rust "np::convolve2d(&tensor![[1, 2], [3, 4]], &tensor![[1, 1]], np::ConvolveMode::Full, np::Boundary::Fill, 0)?",
                oracle "oracle.convolve2d",
                samples ["convolve2d(x[4, 5], x[2, 3])", "convolve2d(x[4, 5], x[3, 2], 'same')", "convolve2d(x[3, 4], x[2, 2], mode='valid')", "convolve2d(x[2, 2], x[3, 4], 'valid')", "convolve2d(x[3, 4], x[3, 3], 'same', 'wrap')", "convolve2d(x[3, 4], x[2, 3], 'full', 'symm')", "convolve2d(x[2, 2], x[5, 4], 'same', 'symm')", "convolve2d(x[3, 3], x[2, 2], 'full', 'fill', 2)", "convolve2d(x[2, 3, 4], x[2, 2], 'same')"],
                laws ["allclose(convolve2d(x[3, 4], x[2, 2]), convolve2d(x[2, 2], x[3, 4]))"],
            }
            /// The correlation of two vectors: `y[k] = Σ a[k + j] conj(v[j])`. Integers are exact.
            correlate(a: Array, v: Array, mode: ConvolveMode = ConvolveMode::Valid) -> [Vector] {
                run signal::correlate, aliases [], torch "torch.nn.functional.conv1d", gradient yes,
                example "correlate([1, 2, 3], [0, 1, 2], 'full')" => "[2 5 8 3 0]", rust "np::correlate(&tensor![1, 2, 3], &tensor![0, 1, 2], np::ConvolveMode::Full)?",
                samples ["correlate(x[5], x[3])", "correlate(x[2], x[6])", "correlate(x[7], x[4], 'same')", "correlate(x[3], x[8], mode='same')", "correlate(x[7], x[3], 'full')", "correlate(x[3], x[7], 'full')", "correlate(x[4], x[4])"],
                laws [],
            }
            /// The triangular window of `M` points, with zeros at the ends.
            bartlett(M: Float) -> [ByArgument] {
                run signal::bartlett, aliases [], torch "torch.bartlett_window", gradient no "it takes no array",
                example "bartlett(5)" => "[0.  0.5 1.  0.5 0. ]", rust "np::bartlett(5)?",
                samples ["bartlett(12)", "bartlett(1)", "bartlett(0)", "bartlett(4.5)"],
                laws [],
            }
            /// The Blackman window of `M` points.
            blackman(M: Float) -> [ByArgument] {
                run signal::blackman, aliases [], torch "torch.blackman_window", gradient no "it takes no array",
                example "blackman(1)" => "[1.]", rust "np::blackman(1)?",
                samples ["blackman(12)", "blackman(1)", "blackman(0)", "blackman(7)"],
                laws [],
            }
            /// The Hamming window of `M` points.
            hamming(M: Float) -> [ByArgument] {
                run signal::hamming, aliases [], torch "torch.hamming_window", gradient no "it takes no array",
                example "hamming(5)" => "[0.08 0.54 1.   0.54 0.08]", rust "np::hamming(5)?",
                samples ["hamming(12)", "hamming(1)", "hamming(0)", "hamming(7)"],
                laws [],
            }
            /// The Hann window of `M` points.
            hanning(M: Float) -> [ByArgument] {
                run signal::hanning, aliases [], torch "torch.hann_window", gradient no "it takes no array",
                example "hanning(5)" => "[0.  0.5 1.  0.5 0. ]", rust "np::hanning(5)?",
                samples ["hanning(12)", "hanning(1)", "hanning(0)", "hanning(7)"],
                laws [],
            }
            /// The Kaiser window of `M` points: the larger `beta`, the narrower.
            kaiser(M: Float, beta: Float) -> [ByArgument] {
                run signal::kaiser, aliases [], torch "torch.kaiser_window", gradient no "it takes no array",
                example "kaiser(3, 0)" => "[1. 1. 1.]", rust "np::kaiser(3, 0.0)?",
                samples ["kaiser(12, 14)", "kaiser(1, 2)", "kaiser(0, 2.5)", "kaiser(7, 8.6)"],
                laws [],
            }
            /// The modified Bessel function of the first kind and order 0.
            i0(x: Array) -> [ByArgument] {
                run signal::i0, aliases [], properties [MakesArrays], torch "torch.i0", gradient yes,
                example "i0([0.0])" => "[1.]", rust "np::i0(&tensor![0.0])?",
                samples ["i0(x[5])", "i0(x[2, 3])", "i0([0.0, -1.0, 7.9, 8.1, 30.0])"],
                laws [],
            }
            /// `sin(πx) / (πx)`, which is 1 at 0.
            sinc(x: Array) -> [ByArgument] {
                run signal::sinc, aliases [], torch "torch.sinc", gradient yes,
                example "sinc([0.0, 0.5])" => "[1.         0.63661977]", rust "np::sinc(&tensor![0.0, 0.5])?",
                samples ["sinc(x[5])", "sinc(x[2, 3])", "sinc([0.0, 0.01, 0.079, 0.08, -0.3, 2.5])"],
                laws [],
            }
            /// Phases without jumps: where neighbours along an axis differ by more than `discont` (by default half a period),
            /// multiples of the period are added.
            unwrap(p: Array, discont: OptNumber = None, axis: Axis = -1, period: Number = std::f64::consts::TAU) -> [ByArgument] {
                run signal::unwrap, positional 3, aliases [], gradient yes,
                example "unwrap([0, 1, 2, -1, 0], period=4)" => "[0 1 2 3 4]", rust "np::unwrap(&tensor![0.0, 1.0, 2.0, -1.0, 0.0], -1, 4.0)?" => "[0. 1. 2. 3. 4.]",
                samples ["unwrap(x[6])", "unwrap(x[3, 4], axis=0)", "unwrap(x[5], period=3)", "unwrap(x[5], 2.0)", "unwrap(x[1])", "unwrap([0.0, 3.0, 6.0, 9.5, 1.0, -2.0])"],
                laws [],
            }
            /// Without zeros at the ends: of a vector, or of every axis of an array (or those named).
            trim_zeros(filt: Array, trim: TrimEnds = TrimEnds::BOTH, axis: Axes = None) -> [ByArgument] {
                run signal::trim_zeros, aliases [], properties [ReadsValues], gradient yes,
                example "trim_zeros([0, 0, 1, 2, 0])" => "[1 2]", rust "np::trim_zeros(&tensor![0, 0, 1, 2, 0])?",
                oracle "lambda x, *a, **k: np.trim_zeros(np.asarray(x), *a, **k)",
                samples ["trim_zeros([0, 1, 0, 2, 0], 'f')", "trim_zeros([0, 1, 0, 2, 0], 'b')", "trim_zeros([0, 0])", "trim_zeros([[0, 0, 0], [0, 3, 0]])", "trim_zeros([[0, 0, 0], [0, 3, 0]], axis=-1)"],
                laws [],
            }
        }
    };
}

macro_rules! define_rows {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($($p:ident: $K:ident $(= $d:expr)?),* $(; $Options:ident { $($o:ident: $O:ident = $od:expr),* })?) -> [$($returns:tt)*] {
            run $run:path, $(alone $alone:expr,)? $(together $together:expr,)? $(positional_only $only:literal,)? $(positional $positional:literal,)? $(method $method:literal,)? aliases $aliases:tt, $(properties $properties:tt,)? $(torch $torch:literal,)?
            gradient $gradient:ident $($why:literal)?,
            example $example:literal => $prints:literal, rust $rust:literal $(=> $in_rust:literal)?,
            $(oracle $oracle:literal,)?
            samples [$($sample:literal),* $(,)?],
            laws $laws:tt,
        }
    )*) => {
        /// Every function, by topic.
        pub static FUNCTIONS: &[FunctionRow] = &[$(FunctionRow {
            name: stringify!($name),
            doc: concat!($($doc, "\n"),*),
            aliases: &$aliases,
            torch: [$($torch,)? ""][0],
            params: &[
                $(param!($p $K $($d)?),)*
                $($(param!($o $O $od),)*)?
            ],
            positional_only: [$($only,)? 0][0],
            positional: [$($positional,)? [$(stringify!($p)),*].len()][0],
            method: option!($($method)?),
            properties: properties!($($properties)?),
            returns: returns!($($returns)*),
            no_gradient: why!($($why)?),
            example: Example { python: $example, prints: $prints, rust: $rust },
            samples: &[$($sample),*],
            laws: &$laws,
            oracle: option!($($oracle)?),
            alone: option!($(|a| ($alone as fn(Array) -> Result<_>)(a).map(Into::into))?),
            together: option!($($together)?),
            call: |row, bound| ($run as fn($(inferred!($K),)* $($(inferred!($O)),*)?) -> Result<_>).invoke(row, bound),
        }),*];
    };
}
/// A name without the mark of names that are words of the language: `r#where`.
const fn word(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}
macro_rules! inferred {
    ($K:ident) => {
        _
    };
}
macro_rules! param {
    ($p:ident $K:ident $($d:expr)?) => {
        Param {
            name: word(stringify!($p)),
            expects: <<$K as Parameter>::Kind as Kind>::EXPECTS,
            stub: <<$K as Parameter>::Kind as Kind>::STUB,
            form: <<$K as Parameter>::Kind as Kind>::FORM,
            default: option!($(|| Value::from($d))?),
        }
    };
}
macro_rules! option {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}
macro_rules! properties {
    () => {
        &[]
    };
    ($all:tt) => {{
        use Property::*;
        &$all
    }};
}
macro_rules! why {
    () => {
        None
    };
    ($why:literal) => {
        Some($why)
    };
}
macro_rules! returns {
    (written) => { Returns::Written };
    (plain $stub:literal) => { Returns::Plain($stub) };
    (list $($output:tt)*) => { Returns::List(output!($($output)*)) };
    (tuple $($output:tt)*) => { Returns::Tuple(output!($($output)*)) };
    (one_or_tuple $($output:tt)*) => { Returns::OneOrTuple(output!($($output)*)) };
    (asked $($Rank:ident $(of $E:ident)? $(if $flag:ident)?),*) => {
        Returns::Asked(&[$(output!($Rank $(of $E)? $(if $flag)?)),*])
    };
    ($($output:tt)*) => { Returns::One(output!($($output)*)) };
}
macro_rules! output {
    ($Rank:ident $(of $E:ident)? $(if $flag:ident)?) => {
        Output { rank: rank::$Rank::rank, flag: option!($(stringify!($flag))?) }
    };
}
function_rows!(define_rows);
