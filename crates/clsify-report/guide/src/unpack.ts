// Reads arrays of numbers that Rust packed: base64 of little-endian values.

function bytes(packed: string): Uint8Array {
    return Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
}

function view(packed: string): DataView {
    return new DataView(bytes(packed).buffer);
}

export function f32(packed: string): Float32Array {
    const from = view(packed);
    // A DataView reads little-endian on every processor; the typed array would take the order of the machine.
    return Float32Array.from({ length: from.byteLength >> 2 }, (_, i) => from.getFloat32(4 * i, true));
}

export function u16(packed: string): Uint16Array {
    const from = view(packed);
    return Uint16Array.from({ length: from.byteLength >> 1 }, (_, i) => from.getUint16(2 * i, true));
}

export function u8(packed: string): Uint8Array {
    return bytes(packed);
}
