// Oracle: what `format!` of Rust 1.95 prints for the same value.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixed, grouped, legible, percent, signed } from "../src/format";
import { f32, u16, u8 } from "../src/unpack";

const cases: [number, number, string][] = [
    [0.0, 2, "0.00"],
    [-0.0, 2, "-0.00"],
    [-0.001, 2, "-0.00"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [-2.5, 0, "-2"],
    [0.125, 2, "0.12"],
    [0.375, 2, "0.38"],
    [-0.125, 2, "-0.12"],
    [0.25, 1, "0.2"],
    [0.35, 1, "0.3"],
    [1.005, 2, "1.00"],
    [0.615, 2, "0.61"],
    [9.5, 0, "10"],
    [99.5, 0, "100"],
    [0.99999, 3, "1.000"],
    [1e21, 1, "1000000000000000000000.0"],
    [1.2345678901234568e20, 0, "123456789012345683968"],
    [1e-7, 3, "0.000"],
    [5e-324, 2, "0.00"],
    [5e-7, 6, "0.000000"],
    [8.5, 0, "8"],
    [1.45, 1, "1.4"],
    [1023.5, 0, "1024"],
    [0.10000000149011612, 10, "0.1000000015"],
    [1e22, 0, "10000000000000000000000"],
    [4503599627370498.0, 0, "4503599627370498"],
];

test("fixed is Rust's {:.N}", () => {
    for (const [x, digits, text] of cases) assert.equal(fixed(x, digits), text, `${x} with ${digits}`);
});

test("fixed writes what is not finite as Rust does", () => {
    assert.equal(fixed(NaN, 2), "NaN");
    assert.equal(fixed(Infinity, 2), "inf");
    assert.equal(fixed(-Infinity, 2), "-inf");
});

test("legible is that of the report", () => {
    const cases: [number, string][] = [
        [0, "0.0000"], [-0, "-0.0000"], [-1.25, "-1.2500"], [0.00005, "0.0001"], [0.0000499, "4.99e-5"], [-9.73e-8, "-9.73e-8"], [999999.9, "999999.9000"],
        [1e6, "1.00e6"], [236950129.5, "2.37e8"], [9.996e20, "1.00e21"], [-8.5457576e30, "-8.55e30"], [1.2e-33, "1.20e-33"], [1.125e8, "1.12e8"], [1.375e8, "1.38e8"],
    ];
    for (const [x, text] of cases) assert.equal(legible(x, 4), text);
    assert.equal(legible(NaN, 4), "NaN");
    assert.equal(legible(-Infinity, 4), "-inf");
});

test("signed, percent and grouped", () => {
    assert.equal(signed(0, 2), "+0.00");
    assert.equal(signed(-0.001, 2), "-0.00");
    assert.equal(signed(1.5, 1), "+1.5");
    assert.equal(signed(NaN, 1), "NaN");
    assert.equal(signed(Infinity, 1), "+inf");
    assert.equal(percent(0.824), "82.4%");
    assert.equal(percent(1, 0), "100%");
    assert.equal(grouped(66362880), "66,362,880");
    assert.equal(grouped(999), "999");
    assert.equal(grouped(-1000), "-1,000");
});

test("packed numbers are little-endian", () => {
    const pack = (bytes: number[]) => btoa(String.fromCharCode(...bytes));
    assert.deepEqual([...f32(pack([0, 0, 192, 63, 0, 0, 0, 128]))], [1.5, -0]);
    assert.deepEqual([...u16(pack([1, 2, 255, 255]))], [513, 65535]);
    assert.deepEqual([...u8(pack([0, 128, 255]))], [0, 128, 255]);
});
