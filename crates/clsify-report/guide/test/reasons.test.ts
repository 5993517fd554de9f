import assert from "node:assert/strict";
import { test } from "node:test";
import { f64, logitWithout, type Reasons, toggled } from "../src/parts/reasons/data";

const reasons: Reasons = {
    label: 1,
    rival: null,
    terms: [],
    rest: 0,
    intercept: 0,
    total: 2,
    logit: 2,
    words: [0.5, -1, 1.5, 0.25],
    pairs: [0.25, 1, 2],
    path: { words: [2, 0, 3], logits: [0.5, 0.125, -0.75] },
};

test("only removals that were computed have a logit", () => {
    assert.equal(logitWithout(reasons, []), 2);
    assert.equal(logitWithout(reasons, [1]), 3);
    assert.equal(logitWithout(reasons, [2, 1]), 1);
    assert.equal(logitWithout(reasons, [0, 2]), 0.125);
    assert.equal(logitWithout(reasons, [3, 2, 0]), -0.75);
    assert.equal(logitWithout(reasons, [1, 3]), null);
    assert.equal(logitWithout({ ...reasons, path: null }, [0, 2]), null);
    assert.equal(logitWithout({ ...reasons, pairs: [] }, [0, 1]), null);
});

test("a press that would need a removal that was not computed removes that word alone", () => {
    assert.deepEqual(toggled(reasons, [], 1), [1]);
    assert.deepEqual(toggled(reasons, [1], 2), [1, 2]);
    assert.deepEqual(toggled(reasons, [1], 3), [3]);
    assert.deepEqual(toggled(reasons, [1, 2], 2), [1]);
    assert.deepEqual(toggled(reasons, [2, 0], 3), [2, 0, 3]);
    assert.deepEqual(toggled(reasons, [2, 0, 3], 2), []);
});

test("packed doubles are read as little-endian", () => {
    assert.deepEqual(f64("AAAAAAAA8D8="), [1]);
});
