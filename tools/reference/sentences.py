"""The sentences that every tiny checkpoint encodes, and the text that their vocabularies are built from."""

ENGLISH = [
    "a visually stunning rumination on love",
    "reassembled from the cutting-room floor of any given daytime soap",
    "the film is quiet, patient and, in its last ten minutes, devastating.",
    "I laughed twice; both times at the wrong moment!",
    "It isn't that the actors can't act - it's that nobody wrote them anything to say.",
    'She called it "a triumph" (and she was right).',
    "An unbelievably misjudged, overlong and undercooked remake.",
    "WHO LET THIS MOVIE OUT OF THE EDITING ROOM?",
    "Where was the first film shown, and how many people saw it?",
    "The director's best work since 1998 -- funny, sad, and 100% her own.",
]

SENTENCES = ENGLISH + [
    "wonderful",
    "?",
    "... !!! --- ;;; $$$ ^^^ `` ~~",
    "a café in a naïve town, a jalapeño and a crème brûlée",
    "a cafe\u0301 in a nai\u0308ve town, a jalapen\u0303o and a cre\u0300me bru\u0302le\u0301e",
    "Die Straße ist groß, ẞ auch; İstanbul'da ILIK ışık",
    "great 😀 film 👍🏽 for the family 👨\u200d👩\u200d👧\u200d👦 and 🏳\ufe0f\u200d🌈",
    "🇩🇪🇯🇵🇧🇷",
    "这部电影非常感人，我看了三遍。",
    "この映画はとても面白かったです。ガ と カ\u3099",
    "이 영화는 정말 재미있었어요.",
    "هذا الفيلم رائع جدًّا ولن أنساه.",
    "यह फ़िल्म बहुत अच्छी है।",
    "Этот фильм просто замечательный, ёлки!",
    "The 映画 was очень хорошо, καλή ταινία and bien joué 영화",
    "ｆｕｌｌｗｉｄｔｈ ＡＢＣ１２３ ﬁne ﬂow № ½ x² ① Å",
    "bell\x07 null\x00 escape\x1b[0m delete\x7f c1\x85 soft\u00adhyphen \ufffd end",
    "one\ttwo\t\tthree\nfour\r\nfive\vsix\fseven",
    "no\u00a0break\u202fspace\u3000wide\u2028line",
    "\u200b",
    "zero\u200bwidth\u200cjoin\u200der\ufeffmark \u202eright to left\u202c",
    "   \t \n  ",
    "  spaces   before,  between   and after  ",
    "a literal [SEP] [MASK] [CLS] in the text, [PAD] too[SEP]and glued",
    "a literal <s> </s> <mask> <pad> in the text, <unk> too</s>and glued",
    "[UNK]",
    "[sep] [Mask] <S> <MASK>",
    "3.14159 1,234,567.89 -42 1e-10 0x7f 2024-02-29 12:30 ½ ٣ ४",
    "see https://www.example.com/films/42?sort=best&lang=en#top or write to film.fan@example.org",
    "#hashtag @user c++ a_b a/b\\c {x: [1, 2]} <b>bold</b> 50% ©®™ €£¥ “quoted” ‘so’ – — …",
    "un" + "believ" * 24 + "able",
    "before " + "abcdefghij" * 21 + " after",
    "日本" * 60,
    # 510 words of one token each, with two special tokens: exactly the limit; then one more.
    " ".join(["film"] * 510),
    " ".join(["film"] * 511),
    " ".join(f"{word} {number}" for number in range(70) for word in ["the", "quiet", "film", "was", "good"]),
    # Truncated in the middle of a word that has several tokens.
    " ".join(["rumination"] * 400),
    "",
]

# More English text for the vocabularies, written for this purpose.
CORPUS = SENTENCES[:36] + [
    "the film was good and the people in it were good",
    "the movie was bad and the story in it was worse than bad",
    "a good story about love, loss and the sea, told with patience",
    "nothing in this movie works, and nobody in it seems to care",
    "the actors are good, the music is better, the ending is best of all",
    "what is the name of the river that runs through the town?",
    "how many people live in the largest city of the world?",
    "who wrote the first book about the history of the film?",
    "funny, warm and wise, a family film that never talks down to the family",
    "dull, cold and long, a film that never gets to the point",
    "she was right about the ending and wrong about everything else",
    "it is not great, it is not bad, it is simply there",
    "one two three four five six seven eight nine ten",
    "no width wide mark zero spaces space before between after line break join right left text",
]

# Pieces that WordPiece needs to split longer words as with the real vocabularies.
STEMS = ["rum", "stun", "vis", "cut", "un", "over", "mis", "under", "re", "assemble", "judge", "day", "believ"]
SUFFIXES = ["ing", "ed", "er", "est", "ly", "ination", "ation", "ning", "ually", "s", "ably", "believ", "time", "long", "cooked", "tag", "com"]
