import assert from "node:assert/strict";
import { test } from "node:test";
import { largest, perRow, shares } from "../src/shares";

test("steps of half a percent are shares", () => {
    assert.deepEqual(shares([0, 1, 25, 174]), [0, 0.005, 0.125, 0.87]);
});

test("without hidden tokens the rest sums to 1 again", () => {
    assert.deepEqual(shares([100, 25, 75, 0], (token) => token === 0), [0, 0.25, 0.75, 0]);
    assert.deepEqual(shares([200, 0, 0], (token) => token === 0), [0, 0, 0]);
    // Rounded steps need not sum to 200; if nothing is hidden, they are shown as they are.
    assert.deepEqual(shares([99, 99]), [0.495, 0.495]);
});

test("the largest share is the first of equal ones", () => {
    assert.equal(largest([0, 3, 1, 3]), 1);
    assert.equal(largest([0, 0]), null);
});

test("thumbnails fill rows of about equal length", () => {
    assert.equal(perRow(13, 860, 50), 13);
    assert.equal(perRow(13, 334, 50), 5);
    assert.equal(perRow(7, 334, 50), 4);
    assert.equal(perRow(7, 20, 50), 1);
});
