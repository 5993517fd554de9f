// The module that build.mjs makes of all files in src/scenes.
declare module "scenes" {
    // Each scene has its own types of data, which only its file knows.
    export const scenes: import("./scene").Scene<any, any>[];
}
