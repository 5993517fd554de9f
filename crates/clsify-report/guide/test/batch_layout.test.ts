import assert from "node:assert/strict";
import { test } from "node:test";
import { panels, rowAt, runs, thirds, unpack } from "../src/scenes/batch_layout";

const packU16 = (numbers: number[]) => Buffer.from(Uint16Array.from(numbers).buffer).toString("base64");

const packed = {
    lengths: packU16([3, 4, 2]),
    low: packU16([101, 7, 102, 101, 9, 7, 102, 101, 102]),
    high: Buffer.from([0, 0, 0, 0, 2, 0, 0, 0, 0]).toString("base64"),
    nSpelled: 2,
    spelled: ["[CLS]", "a", "b", "[SEP]"],
};

test("ids have their upper bits, and those of the first columns their text", () => {
    const { ids, starts, texts } = unpack(packed);
    assert.deepEqual([...ids], [101, 7, 102, 101, 0x20009, 7, 102, 101, 102]);
    assert.deepEqual([...starts], [0, 3, 7, 9]);
    assert.deepEqual([...texts], [[101, "[CLS]"], [7, "a"], [0x20009, "b"], [102, "[SEP]"]]);
});

test("special tokens do not count for the thirds", () => {
    assert.deepEqual(thirds(unpack(packed), new Set([101, 102])), [7, 0x20009]);
});

test("neighbouring cells of one kind are one line", () => {
    const matrix = unpack(packed);
    const place = { n: 1, rows: 3, cellWidth: 10, rowHeight: 4, x: () => 16, width: 40, height: 12 };
    const paths = runs(matrix, place, 100, 2, (id) => (id < 100 || id > 60000 ? 1 : 0));
    assert.equal(paths[0], "M16 102h10M36 102h10M16 106h10M46 106h10M16 110h20");
    assert.equal(paths[1], "M26 102h10M26 106h20");
});

test("every row is in a panel, and found at its place", () => {
    for (const [nRows, nColumns, width] of [[1000, 59, 920], [2000, 66, 340], [5, 12, 340], [1, 1, 340], [333, 512, 340]] as const) {
        const place = panels(nRows, nColumns, width, 460);
        assert.ok(place.n * place.rows >= nRows);
        assert.ok(place.x(place.n - 1) + place.width <= width, `${nRows} ${nColumns} ${width}`);
        assert.ok(place.height <= 460.001);
        for (const row of [0, Math.floor(nRows / 2), nRows - 1]) {
            const x = place.x(Math.floor(row / place.rows)) + place.width / 2;
            assert.equal(rowAt(place, nRows, x, ((row % place.rows) + 0.5) * place.rowHeight), row);
        }
        assert.equal(rowAt(place, nRows, 20, -1), null);
    }
});
