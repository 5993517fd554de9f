// Paths that can be worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { classPath, N_CLASS_MARKS } from "../src/frame/marks";
import { areaPath, linePath, linkPath, ribbonPath, stepPath } from "../src/path";

test("paths", () => {
    assert.equal(linePath([[0, 1], [2.005, 3]]), "M0 1L2 3");
    assert.equal(linePath([]), "");
    assert.equal(stepPath([[0, 1], [2, 3]]), "M0 1H2V3");
    assert.equal(areaPath([[0, 0], [1, 0]], [[0, 2], [1, 2]]), "M0 0L1 0L1 2L0 2Z");
    assert.equal(linkPath([0, 0], [10, 20]), "M0 0C0 10 10 10 10 20");
    assert.equal(linkPath([0, 0], [10, 20], "x"), "M0 0C5 0 5 20 10 20");
    assert.equal(ribbonPath([0, 4], 0, [10, 14], 20), "M0 0C0 10 10 10 10 20H14C14 10 4 10 4 0Z");
});

test("marks of classes are moved and scaled", () => {
    assert.equal(classPath(1, 10, 20, 5), "M6 16H14V24H6Z");
    assert.equal(classPath(0, 0, 0, 10), "M9 0A9 9 0 1 1 -9 0A9 9 0 1 1 9 0Z");
    for (let i = 0; i < N_CLASS_MARKS; i++) assert.doesNotMatch(classPath(i, 3, 4, 5), /NaN|undefined/);
});
