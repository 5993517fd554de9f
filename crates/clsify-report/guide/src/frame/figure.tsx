// Holds the figure of a scene: gives it its width and the data of the picked sentence, and keeps its faults from the others.
import { useSignal } from "@preact/signals";
import { Component, type ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Guide, SceneData, Sentence } from "../page";
import type { Scene } from "../scene";
import type { Ui } from "../ui";

/** The width on paper, in px: the least at which every figure is laid out wide, and hardly more than A4 has. */
const PAPER = 720;

interface Props {
    scene: Scene<unknown, unknown>;
    data: SceneData;
    guide: Guide;
    ui: Ui;
}

export function Figure(props: Props) {
    const box = useRef<HTMLDivElement>(null);
    const width = useSignal(0);
    useLayoutEffect(() => {
        let isPrinting = false;
        const measure = () => {
            const now = Math.floor(box.current!.clientWidth);
            // On paper the style sheet scales to the width of the page.
            if (now > 0 && !isPrinting && !matchMedia("print").matches) width.value = now;
        };
        // The observer is too late for paper.
        const print = () => {
            isPrinting = true;
            width.value = Math.min(width.peek(), PAPER);
        };
        const printed = () => {
            isPrinting = false;
            measure();
        };
        measure();
        const observer = new ResizeObserver(measure);
        observer.observe(box.current!);
        addEventListener("beforeprint", print);
        addEventListener("afterprint", printed);
        return () => {
            observer.disconnect();
            removeEventListener("beforeprint", print);
            removeEventListener("afterprint", printed);
        };
    }, []);
    return (
        <div class="column" ref={box}>
            <Guarded ui={props.ui} guide={props.guide}>
                {width.value > 0 && <Drawn {...props} width={width.value} />}
            </Guarded>
        </div>
    );
}

/** A component of its own, so that what the figure reads of `ui` draws the figure again and not its holder. */
function Drawn({ scene, data, guide, ui, width }: Props & { width: number }) {
    const i = ui.sentence.value;
    const sentence = guide.sentences[i]!;
    return <scene.Figure shared={data.shared} data={data.sentences[i]?.data ?? null} {...{ sentence, guide, ui, width }} />;
}

interface GuardedProps {
    ui: Ui;
    guide: Guide;
    children: ComponentChildren;
}

/** A fault in one figure leaves the others alone, and is tried again with the next sentence. */
class Guarded extends Component<GuardedProps, { brokenAt: Sentence | null }> {
    override state = { brokenAt: null };

    override componentDidCatch(error: unknown) {
        console.error(error);
        const { ui, guide } = this.props;
        this.setState({ brokenAt: guide.sentences[ui.sentence.peek()] ?? null });
    }

    override render() {
        const { ui, guide, children } = this.props;
        if (guide.sentences[ui.sentence.value] !== this.state.brokenAt) return children;
        const text = { en: "This figure could not be drawn. Its numbers are in the table below.", zh: "这幅图无法绘制，它的数字见下面的表格。" };
        return <p class="broken">{ui.t(text)}</p>;
    }
}
