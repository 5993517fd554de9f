// Writes small data sets for the pages that the tests look at: node data.mjs OUTDIR.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2];
mkdirSync(out, { recursive: true });
const write = (name, lines) => writeFileSync(join(out, name), lines.join("\n") + "\n");

const nouns = ["film", "story about love", "look at old age", "comedy of manners", "portrait of a town", "thriller", "drama set in 1930s Paris that runs for nearly three hours", "sequel"];
const good = ["moving and funny", "visually stunning", "clever, warm", "tender", "gripping from its first scene to its last", "wonderfully acted", "quietly brilliant", "honest"];
const bad = ["dull and empty", "painfully slow", "clumsy, cold", "tedious", "boring", "badly acted by everyone who takes part in it", "hollow", "lifeless"];
// Some rows are labelled against their words, so that there are mistakes to show.
const reviews = nouns.flatMap((noun, i) => [
    ...good.map((word, k) => [`a ${word} ${noun}`, (i * 8 + k) % 13 === 0 ? "negative" : "positive"]),
    ...bad.map((word, k) => [`a ${word} ${noun}`, (i * 8 + k) % 17 === 0 ? "positive" : "negative"]),
]);
write("two.tsv", ["text\tlabel", ...reviews.map((row) => row.join("\t"))]);

const subjects = ["the piano", "Mount Everest", "the first railway", "a rainbow", "the Nile", "chess", "the World Series", "penicillin", "the Eiffel Tower", "a haiku", "the Silk Road", "radium", "the printing press", "NATO", "coffee", "the telephone", "Venice", "the Olympic Games", "jazz", "the euro"];
const questions = {
    abbreviation: (x) => `What do the letters of the short name of ${x} stand for ?`,
    "description and abstract concepts": (x) => `What does ${x} mean and why ?`,
    entity: (x) => `Which animal or thing is drawn beside ${x} ?`,
    human: (x) => `Who invented or found ${x} ?`,
    location: (x) => `Where in the world is the home of ${x} ?`,
    number: (x) => `How many years old is ${x} ?`,
};
write("six.tsv", ["text\tlabel", ...subjects.flatMap((subject, i) => Object.entries(questions).map(([label, of], k) => [of(subject), (i * 6 + k) % 19 === 0 ? "entity" : label].join("\t")))]);

const topics = { sport: "the match was won in the last minute", politics: "the minister answered the parliament", money: "the bank raised its rates", weather: "the storm moved along the coast" };
const names = Object.keys(topics);
const sets = subjects.flatMap((subject, i) =>
    names.flatMap((first, k) => {
        const second = names[(k + 1 + (i % 3)) % 4];
        return [
            { text: `${topics[first]}, said a friend of ${subject}`, labels: [first] },
            { text: `${topics[first]} and ${topics[second]}, near ${subject}`, labels: [first, second] },
        ];
    }),
);
write("sets.jsonl", [...sets, ...subjects.slice(0, 8).map((subject) => ({ text: `nothing new about ${subject}`, labels: [] }))].map((row) => JSON.stringify(row)));

// Sentences that a page could take for something else than text.
write("hard.txt", [
    `a film </script><img src=x onerror="window.injected=1"> "quoted" & 'single' <b>bold</b> &lt;`,
    "הסרט הזה היה טוב מאוד, אבל ארוך",
    "فيلم رائع جدا but the sound was poor",
    "这部电影节奏缓慢，但结尾非常动人 👩‍👩‍👧‍👦🎬",
    "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle",
    "good",
]);
