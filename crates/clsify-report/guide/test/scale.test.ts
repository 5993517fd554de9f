// Values that can be worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { band, linear, log, nice } from "../src/scale";

test("linear", () => {
    const scale = linear([0, 10], [100, 300]);
    assert.equal(scale(2.5), 150);
    assert.equal(scale.invert(150), 2.5);
    assert.deepEqual(scale.ticks(5), [0, 2, 4, 6, 8, 10]);
    assert.equal(linear([3, 3], [0, 100])(3), 50);
});

test("log", () => {
    const scale = log([0.001, 1000], [0, 60]);
    assert.ok(Math.abs(scale(1) - 30) < 1e-9);
    assert.ok(Math.abs(scale.invert(50) - 100) < 1e-9);
    assert.deepEqual(scale.ticks(5), [0.001, 0.01, 0.1, 1, 10, 100, 1000]);
});

test("nice ends at ticks", () => {
    assert.deepEqual(nice([0.3, 9.7]), [0, 10]);
    assert.deepEqual(nice([-3, 7]), [-4, 8]);
    assert.deepEqual(nice([5, 5]), [5, 5]);
});

test("band", () => {
    const bars = band(4, [0, 200], 0.2);
    assert.deepEqual([bars.at(0), bars.at(3), bars.width, bars.step], [5, 155, 40, 50]);
});
