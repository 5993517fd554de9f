// The interface between the frame and the drawing of a scene.
import type { ComponentChild } from "preact";
import type { Guide, Sentence } from "./page";
import type { Ui } from "./ui";

export interface FigureProps<Shared, Data> {
    /** The numbers of the scene that do not depend on the sentence. */
    shared: Shared;
    /** The numbers for the picked sentence; null if the scene does not depend on it. */
    data: Data;
    sentence: Sentence;
    guide: Guide;
    ui: Ui;
    /** The width of the figure's column in px. Lay out for it: nothing may be wider, and svg units are px. */
    width: number;
}

/** What a file of src/scenes exports as `scene`. `id` is that of its section and of its data. */
export interface Scene<Shared, Data> {
    id: string;
    Figure: (props: FigureProps<Shared, Data>) => ComponentChild;
}
