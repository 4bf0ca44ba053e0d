# Copyright 2026 sa4depth_ros contributors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Feature alignment: how far features are from agreeing under a motion, and how to improve it."""

from dataclasses import dataclass
from typing import NamedTuple

from sa4depth_ros.geometry.camera import intrinsics_at_stride, project, transform
from sa4depth_ros.geometry.feature_rows import FeatureRows
from sa4depth_ros.geometry.warp import sample
import torch
from torch import Tensor
from torch.nn import functional as F

# Central differences reach one pixel to each side.
_MARGIN = 1.0


class TargetPoints(NamedTuple):
    """
    Points of the target frame that are followed into the source frame.

    ``pixels`` (N, P, 2) in image pixels; ``points`` (N, P, 3) in the target's optical frame;
    ``usable`` (N, P) bool, false where depth is unknown.
    """

    pixels: Tensor
    points: Tensor
    usable: Tensor


class NormalEquations(NamedTuple):
    """
    A quadratic model of the cost about a motion: 0.5 xi^T H xi + g^T xi.

    ``H`` (N, 6, 6), ``g`` (N, 6), both per unit of weight; ``cost`` (N,) as `cost` gives it;
    ``count`` (N,) of valid points.
    """

    H: Tensor
    g: Tensor
    cost: Tensor
    count: Tensor


class Fit(NamedTuple):
    """
    How well a motion explains the features.

    ``H`` (N, 6, 6) is the sum of w J^T J, not normed; ``variance`` (N,) of one residual of
    weight 1; ``inliers`` and ``count`` (N,) of points with a robust weight of at least a half,
    and of all valid ones.
    """

    H: Tensor
    variance: Tensor
    inliers: Tensor
    count: Tensor


@dataclass(frozen=True)
class FeatureAlignment:
    """
    The residuals of one pyramid level (method.md 1.3 and 1.4).

    r_i(T) = F_source(pi(T X_i)) - F_target(p_i), weighted by both confidences and by Barron's
    loss with alpha 0 and scale ``robust_scale``. Residuals count where the point is in front
    of the source camera and inside its map.

    ``points`` of the target; ``features`` (N, P, C) and ``confidence`` (N, P) of the target at
    these points; ``source`` holds C features and confidence; ``K`` (N, 3, 3) is of its map.
    ``depth_sigma`` (N,): relative standard deviation of the depth of a point. Each point may then
    be nearer or farther by that where it fits better, so along its epipolar line it says
    little about the motion; None, like 0, takes depth as exact.
    """

    points: TargetPoints
    features: Tensor
    confidence: Tensor
    source: FeatureRows
    K: Tensor
    robust_scale: float = 0.1
    depth_sigma: Tensor | None = None

    def cost(self, T: Tensor) -> tuple[Tensor, Tensor]:
        """Give the mean robust loss (N,) under ``T`` (N, 4, 4) and the valid points (N,)."""
        values, confidence, moved = self._residuals(T)
        residual = values[..., 0, :]
        squared = (residual * residual).sum(-1)
        if self.depth_sigma is not None:
            change = (values[..., 1:, :] * self._epipolar(T, moved)[..., None]).sum(-2)
            explained = (residual * change).sum(-1)
            squared = squared - self._share((change * change).sum(-1)) * explained ** 2
        return self._mean_cost(squared, confidence)

    def linearize(self, T: Tensor) -> NormalEquations:
        """Give the normal equations for a left update exp(xi) T of ``T`` (N, 4, 4)."""
        products, confidence, moved = self._products(T)
        squared = products[..., 0, 0]
        cost, count = self._mean_cost(squared, confidence)
        weight = confidence * self._robust_weight(squared)
        weight = weight / weight.sum(-1, keepdim=True).clamp(min=_tiny(weight))
        H, g = self._equations(products, weight, moved)
        return NormalEquations(H, g, cost, count)

    def fit(self, T: Tensor) -> Fit:
        """Judge ``T`` (N, 4, 4)."""
        products, confidence, moved = self._products(T)
        squared = products[..., 0, 0]
        robust = self._robust_weight(squared)
        weight, valid = confidence * robust, confidence > 0
        H, _ = self._equations(products, weight, moved)
        count = valid.sum(-1)
        # Residuals less parameters; with fewer than that, nothing is known anyway.
        freedom = (count * self.features.shape[-1] - 6).clamp(min=1)
        variance = (weight * squared).sum(-1) / freedom
        return Fit(H, variance, (valid & (robust >= 0.5)).sum(-1), count)

    def residuals(self, T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give r (N, P, C), its Jacobian by xi (N, P, C, 6), and validity (N, P), for checks."""
        values, confidence, moved = self._residuals(T)
        gradient = values[..., 1:, :].transpose(-1, -2)
        jacobian = gradient @ projection_jacobian(moved, self.K)
        return values[..., 0, :], jacobian, confidence > 0

    def _residuals(self, T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give r, dF/du, dF/dv (N, P, 3, C), confidence (N, P) and the moved points."""
        moved = transform(T, self.points.points)
        pixels, front = project(moved, self.K)
        valid = self.points.usable & front & self.source.inside(pixels, _MARGIN)
        values = self.source.with_slopes(pixels)
        confidence = torch.where(valid, self.confidence * values[..., 0, -1], 0.0)
        features = values[..., :-1]
        residual = features[..., :1, :] - self.features[..., None, :]
        return torch.cat((residual, features[..., 1:, :]), -2), confidence, moved

    def _products(self, T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Give all that least squares needs of the channels: r and gradient times each other.

        They are (N, P, 3, 3): contracting over channels first never builds the C x 6 Jacobian.
        """
        values, confidence, moved = self._residuals(T)
        products = values @ values.transpose(-1, -2)
        if self.depth_sigma is not None:
            products = self._less_depth_error(products, self._epipolar(T, moved))
        return products, confidence, moved

    def _less_depth_error(self, products: Tensor, e: Tensor) -> Tensor:
        """
        Give ``products`` after the best depth of each point has explained its part.

        What is left of |r + G e d|^2 + (robust_scale d / depth_sigma)^2 at the best relative
        error d of depth is the Schur complement that eliminates d.
        """
        # Sums of products: many tiny matrices are slow in ONNX Runtime.
        explained = (products[..., 1:] * e[..., None, :]).sum(-1, keepdim=True)
        share = self._share((e * explained[..., 1:, 0]).sum(-1))[..., None, None]
        return products - share * explained * explained.transpose(-1, -2)

    def _epipolar(self, T: Tensor, moved: Tensor) -> Tensor:
        """Give e (N, P, 2): depth (1 + d) Z moves the pixel of a ``moved`` point by d e."""
        ray, z = moved - T[:, None, :3, 3], _safe(moved[..., 2:])
        return ((ray[..., :2] - moved[..., :2] / z * ray[..., 2:]) / z
                ) @ self.K[:, :2, :2].transpose(1, 2)

    def _share(self, slope: Tensor) -> Tensor:
        """Give the inverse of ``slope`` (N, P), |G e|^2, and what holds depth in place."""
        assert self.depth_sigma is not None
        variance = (self.depth_sigma ** 2)[:, None]
        return variance / (variance * slope + self.robust_scale ** 2)

    def _equations(
        self, products: Tensor, weight: Tensor, moved: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Sum J^T w J and J^T w r, with J = dF/dp J_p, over the points."""
        J_p = projection_jacobian(moved, self.K)
        weighted = weight[..., None, None] * products
        H = J_p.flatten(1, 2).transpose(1, 2) @ (weighted[..., 1:, 1:] @ J_p).flatten(1, 2)
        g = (weighted[..., :1, 1:] @ J_p).sum((1, 2))
        return H, g

    def _mean_cost(self, squared: Tensor, confidence: Tensor) -> tuple[Tensor, Tensor]:
        c2 = self.robust_scale ** 2
        loss = 2 * c2 * torch.log1p(squared / (2 * c2))
        total = confidence.sum(-1)
        cost = (confidence * loss).sum(-1) / total.clamp(min=_tiny(total))
        return cost, (confidence > 0).sum(-1)

    def _robust_weight(self, squared: Tensor) -> Tensor:
        return 2 / (squared / self.robust_scale ** 2 + 2)


def projection_jacobian(points: Tensor, K: Tensor) -> Tensor:
    """
    Give the derivative (N, P, 2, 6) of the pixel of ``points`` (N, P, 3) by a left twist.

    dpi/dX [I | -[X]_x] of method.md 1.4, at the points in the source frame.
    """
    # Written out, as products of many tiny matrices are slow in ONNX Runtime.
    near = 1 / _safe(points[..., 2])
    x, y = points[..., 0] * near, points[..., 1] * near
    zero = torch.zeros_like(near)
    fx, fy = K[:, 0, 0, None], K[:, 1, 1, None]
    of_u = (near, zero, -x * near, -x * y, 1 + x * x, -y)
    of_v = (zero, near, -y * near, -1 - y * y, x * y, x)
    return torch.stack([torch.stack([focal * part for part in row], -1)
                        for focal, row in ((fx, of_u), (fy, of_v))], -2)


def _safe(z: Tensor) -> Tensor:
    # What is behind the camera is masked elsewhere; here it must only stay finite.
    return torch.where(z.abs() < 1e-3, torch.ones_like(z), z)


def pixel_distance(points: TargetPoints, T_a: Tensor, T_b: Tensor, K: Tensor) -> Tensor:
    """
    Give how far apart two motions (N, 4, 4) put the points in the source image, pixels (N,).

    The mean over usable points in front of both cameras; independent of the unit of length.
    """
    (a, front_a), (b, front_b) = (project(transform(T, points.points), K) for T in (T_a, T_b))
    counts = points.usable & front_a & front_b
    # The root has no gradient at 0.
    distance = torch.sqrt(((a - b) ** 2).sum(-1) + 1e-6)
    total = torch.where(counts, distance, torch.zeros_like(distance)).sum(-1)
    return total / counts.sum(-1).clamp(min=1)


def central_differences(image: Tensor) -> tuple[Tensor, Tensor]:
    """Give the derivatives of ``image`` (N, C, H, W) by u and v, per pixel, of its shape."""
    wide = F.pad(image, (1, 1, 1, 1), mode='replicate')
    return ((wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2,
            (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2)


def at_stride(pixels: Tensor, stride: float) -> Tensor:
    """Give the places of image ``pixels`` (N, P, 2) on a map of ``stride``."""
    return (pixels + 0.5) / stride - 0.5


def feature_alignment(
    points: TargetPoints, target: tuple[Tensor, Tensor], source: tuple[Tensor, Tensor],
    K: Tensor, stride: float, robust_scale: float, depth_sigma: Tensor | None = None,
) -> FeatureAlignment:
    """
    Set up one level from (features, confidence) maps of both frames.

    ``K`` (N, 3, 3) is of image pixels; the maps are (N, C, h, w) and (N, 1, h, w);
    ``depth_sigma`` (N,) as in FeatureAlignment.
    """
    seen = sample(torch.cat(target, 1), at_stride(points.pixels, stride))
    return FeatureAlignment(
        points, seen[..., :-1], seen[..., -1], FeatureRows.of(torch.cat(source, 1)),
        intrinsics_at_stride(K, stride), robust_scale, depth_sigma)


def _tiny(like: Tensor) -> float:
    return torch.finfo(like.dtype).tiny
