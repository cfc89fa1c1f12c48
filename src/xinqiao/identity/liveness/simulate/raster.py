"""Two compiled loops: how much light reaches each vertex, and what each pixel of a frame shows.

Frames are linear, in *lux of white*: 1 is the light that a perfectly white, matte surface sends back under one lux.
"""

from __future__ import annotations

import numba
import numpy as np

compiled = numba.njit(cache=True, error_model="numpy", fastmath=True)

LAYERS = 13
"""Attributes of a vertex: 0-2 room light, 3-5 and 6-8 upper and lower half of a white screen (each red, green, blue), 9-11 mirrored shares
of the three, 12 depth."""


@compiled
def illuminate(points, normals, enclosed, openness, shine, lamps, halves, room, ceiling, sun, sun_share):
    """Per vertex the LAYERS attributes. `lamps` (m, 3): samples of the screen; `halves` (m,) 0 or 1; `room` in lux, of which
    `sun_share` comes from the direction `sun` and the rest from `ceiling`; `enclosed` (n,): vertices of
    closed surfaces, which stay dark when they are turned well away.

    Lambert on per-channel normals, Blinn-Phong with Schlick's Fresnel term, normalised (Akenine-Moller et al. 2018, 9.8).
    """
    count = len(points)
    out = np.zeros((count, LAYERS), np.float32)
    for i in range(count):
        px, py, pz = points[i, 0], points[i, 1], points[i, 2]
        out[i, 12] = -pz
        far = np.sqrt(px * px + py * py + pz * pz)
        if enclosed[i] and normals[i, 2, 0] * px + normals[i, 2, 1] * py + normals[i, 2, 2] * pz > 0.35 * far:
            continue
        vx, vy, vz = -px / far, -py / far, -pz / far
        f0, exponent = shine[i, 0], shine[i, 1]
        nx, ny, nz = normals[i, 2, 0], normals[i, 2, 1], normals[i, 2, 2]
        facing = max(nx * vx + ny * vy + nz * vz, 0.0)
        fresnel = f0 + (1 - f0) * (1 - facing) ** 5 * 0.6
        lobe = (exponent + 8) / 8 * fresnel
        for c in range(3):
            mx, my, mz = normals[i, c, 0], normals[i, c, 1], normals[i, c, 2]
            direct = max(mx * sun[0] + my * sun[1] + mz * sun[2], 0.0) * (0.4 + 0.6 * openness[i])
            sky = (0.5 + 0.5 * (mx * ceiling[0] + my * ceiling[1] + mz * ceiling[2])) * openness[i]
            out[i, c] = room * (sun_share * direct + (1 - sun_share) * sky)
        hx, hy, hz = sun[0] + vx, sun[1] + vy, sun[2] + vz
        size = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
        half = max((nx * hx + ny * hy + nz * hz) / size, 0.0)
        lit = max(nx * sun[0] + ny * sun[1] + nz * sun[2], 0.0)
        out[i, 9] = room * (sun_share * lobe * half**exponent * lit + (1 - sun_share) * fresnel * 0.3 * openness[i])
        for k in range(len(lamps)):
            lx, ly, lz = lamps[k, 0] - px, lamps[k, 1] - py, lamps[k, 2] - pz
            squared = lx * lx + ly * ly + lz * lz
            d = np.sqrt(squared)
            lx, ly, lz = lx / d, ly / d, lz / d
            power = max(lz, 0.0) / squared * lamps[k, 3]
            at = 3 + 3 * halves[k]
            for c in range(3):
                facing_c = normals[i, c, 0] * lx + normals[i, c, 1] * ly + normals[i, c, 2] * lz
                out[i, at + c] += power * max(facing_c, 0.0) * (0.6 + 0.4 * openness[i])
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            size = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
            half = max((nx * hx + ny * hy + nz * hz) / size, 0.0)
            out[i, 10 + halves[k]] += power * lobe * half**exponent * max(nx * lx + ny * ly + nz * lz, 0.0)
    return out


@compiled
def visible(screen, triangles, layer, closed, uv, hole, width, height):
    """Nearest triangle of each pixel (-1 none) and two of its three weights. `hole` (rows, columns): where layer CUT lets through."""
    nearest = np.full((height, width), -1, np.int32)
    depth = np.full((height, width), np.inf, np.float32)
    weights = np.zeros((height, width, 2), np.float32)
    tall, wide = hole.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-9 or (closed[t] and area > 0):
            continue
        left, right = max(int(min(ax, bx, cx)), 0), min(int(max(ax, bx, cx)) + 1, width - 1)
        top, bottom = max(int(min(ay, by, cy)), 0), min(int(max(ay, by, cy)) + 1, height - 1)
        za, zb, zc = screen[a, 2], screen[b, 2], screen[c, 2]
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                qx, qy = x + 0.5, y + 0.5
                w0 = ((bx - qx) * (cy - qy) - (by - qy) * (cx - qx)) / area
                w1 = ((cx - qx) * (ay - qy) - (cy - qy) * (ax - qx)) / area
                w2 = 1 - w0 - w1
                if w0 < -1e-5 or w1 < -1e-5 or w2 < -1e-5:
                    continue
                z = w0 * za + w1 * zb + w2 * zc
                if z >= depth[y, x] or z < 0.3:
                    continue
                if layer[t] == 6:
                    u = w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[c, 0]
                    v = w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[c, 1]
                    if hole[min(max(int(v * tall), 0), tall - 1), min(max(int(u * wide), 0), wide - 1)]:
                        continue
                depth[y, x], nearest[y, x] = z, t
                weights[y, x, 0], weights[y, x, 1] = w0, w1
    return nearest, weights


@compiled
def paint(nearest, weights, triangles, layer, lit, uv, atlas, tint, emission, dots, wall, wall_lit, rows, room_rows, room_colour, band):
    """The linear frame (height, width, 3).

    `rows` (height, 2, 3): mean colour of both halves of the screen while the row was exposed; `room_rows` (height,): the lamps' flicker;
    `atlas` (layers, rows, columns, 3) reflectance, times `tint` (layers, 3); `emission` (layers, 2): own light of white in lux of white, and the share of
    outer light reflected diffusely; `dots` (4): columns, rows, contrast, colour split of a display's pixels; `band` (height,): its refresh;
    `wall_lit` (2): lux of the room and of a white screen on what is behind.
    """
    height, width = nearest.shape
    tall, wide = atlas.shape[1], atlas.shape[2]
    out = np.empty((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            t = nearest[y, x]
            if t < 0:
                for c in range(3):
                    bounce = wall_lit[1] * (rows[y, 0, c] + rows[y, 1, c]) * 0.5
                    out[y, x, c] = wall[y, x, c] * (wall_lit[0] * room_rows[y] * room_colour[c] + bounce)
                continue
            a, b, d = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            w0, w1 = weights[y, x, 0], weights[y, x, 1]
            w2 = 1 - w0 - w1
            u = (w0 * uv[a, 0] + w1 * uv[b, 0] + w2 * uv[d, 0]) * wide - 0.5
            v = (w0 * uv[a, 1] + w1 * uv[b, 1] + w2 * uv[d, 1]) * tall - 0.5
            iu, iv = int(np.floor(u)), int(np.floor(v))
            fu, fv = u - iu, v - iv
            u0, u1 = min(max(iu, 0), wide - 1), min(max(iu + 1, 0), wide - 1)
            v0, v1 = min(max(iv, 0), tall - 1), min(max(iv + 1, 0), tall - 1)
            k = layer[t]
            mirrored_room = w0 * lit[a, 9] + w1 * lit[b, 9] + w2 * lit[d, 9]
            mirrored_up = w0 * lit[a, 10] + w1 * lit[b, 10] + w2 * lit[d, 10]
            mirrored_low = w0 * lit[a, 11] + w1 * lit[b, 11] + w2 * lit[d, 11]
            for c in range(3):
                tex = (atlas[k, v0, u0, c] * (1 - fu) + atlas[k, v0, u1, c] * fu) * (1 - fv) + (
                    atlas[k, v1, u0, c] * (1 - fu) + atlas[k, v1, u1, c] * fu
                ) * fv
                tex *= tint[k, c]
                ambient = (w0 * lit[a, c] + w1 * lit[b, c] + w2 * lit[d, c]) * room_rows[y] * room_colour[c]
                up = (w0 * lit[a, 3 + c] + w1 * lit[b, 3 + c] + w2 * lit[d, 3 + c]) * rows[y, 0, c]
                low = (w0 * lit[a, 6 + c] + w1 * lit[b, 6 + c] + w2 * lit[d, 6 + c]) * rows[y, 1, c]
                diffuse = ambient + up + low
                mirrored = mirrored_room * room_rows[y] * room_colour[c] + mirrored_up * rows[y, 0, c] + mirrored_low * rows[y, 1, c]
                if emission[k, 0] > 0:
                    grid = 1 + dots[2] * np.cos(2 * np.pi * (u / wide * dots[0] + c * dots[3])) * np.cos(np.pi * v / tall * dots[1])
                    out[y, x, c] = tex * emission[k, 0] * band[y] * grid + emission[k, 1] * diffuse + mirrored
                else:
                    out[y, x, c] = tex * diffuse + mirrored
    return out


@compiled
def depths(nearest, weights, triangles, lit):
    """Distance along the axis, decimetres; 0 where there is nothing."""
    height, width = nearest.shape
    out = np.zeros((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            t = nearest[y, x]
            if t >= 0:
                w0, w1 = weights[y, x, 0], weights[y, x, 1]
                out[y, x] = w0 * lit[triangles[t, 0], 12] + w1 * lit[triangles[t, 1], 12] + (1 - w0 - w1) * lit[triangles[t, 2], 12]
    return out
