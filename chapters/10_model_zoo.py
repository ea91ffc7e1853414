# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # 10. The model zoo
#
# Nine chapters have built networks. This one compares them, which turns out to be harder. A table of networks looks like
# a result; it is a question, and each of its columns can mislead: what was counted, what was left out, who trained
# longer, who was lucky. You learn to read such a table with suspicion, to find what is left when the luck is taken off,
# to compare not two networks but two *ways of designing* networks, and to choose one for a device. At the end you design
# one yourself.
#
# **Time** 80 minutes. **Path** goes further. Before it: [ResNeXt](05_resnext.ipynb), [ShuffleNet](08_shufflenet.ipynb)
# and [Fast inference](09_fast_inference.ipynb).
#
# **You will be able to**
#
# - **10.1** say what the columns of a table of networks count, what they leave out, and when two rows may be compared;
# - **10.2** give an accuracy its error: of the sample, of a pair, of the seed, and of having chosen the best;
# - **10.3** find the Pareto front, say how sure it is, and choose a network for a device from it;
# - **10.4** turn RegNet's four numbers into widths, and say which constraints lead from AnyNet to it;
# - **10.5** read an empirical distribution of errors, and tell a difference of two of them from noise;
# - **10.6** design a network under a budget.

# %% id="setup"
import itertools
import json
import math
import random
import statistics
import tempfile
from bisect import bisect_right
from collections import Counter
from pathlib import Path

import torch
from torch import nn

from d2l_ext import capstone, counting, data, explorers, figures, predictions, training, zoo
from d2l_ext.explorers import zoo_latency
from d2l_ext.networks import design_space
from d2l_ext.training import draws
from d2l_ext.training.run import run as train_run
from d2l_ext.training.study import read as read_recipes


# %% [markdown] id="table"
# ## One table
#
# Here are the networks of the course's zoo that take images of 28 x 28 pixels, most accurate first. Beside the columns
# that you know there is one that few tables have. **Activations** are the numbers that all convolutions of a network put
# out for one image. They have to be written to memory and read again, and during training most of them are kept (chapter
# 6).
#
# **Predict.** The rows are in the order of accuracy. Which of the other three columns will be in about the same order?

# %% tags=["nbval-ignore-output"] id="table-rows"
def activations(net, input_size):
    # Numbers that the convolutions put out for one image.
    layers = counting.summarize(net, input_size).layers
    return sum(math.prod(layer.output_shape) for layer in layers if layer.kind == "conv")


def short(name):
    return name.removeprefix("cifar_").removesuffix("_fmnist")


cards = [zoo.card(name) for name in zoo.list_models()]
cards = [card for card in cards if card.data == "Fashion-MNIST" and card.input_size == (1, 28, 28)]
cards.sort(key=lambda card: (-card.accuracy, card.name))
maps = {card.name: activations(zoo.load(card.name).net, card.input_size) for card in cards}

print(f"{'':28s} accuracy  parameters        MACs  activations")
for card in cards:
    print(f"{short(card.name):28s} {card.accuracy:8.2%} {card.parameters:11,}", end="")
    print(f" {card.macs:11,} {maps[card.name]:12,}")


# %% [markdown] id="table-read"
# None is, strictly. MACs come nearest: the networks with the fewest stand last, the others have nearly the same. Activations
# run almost the other way.
#
# The columns disagree about who is large. A network can have few parameters and many MACs, when it uses each weight on
# large maps; or few MACs and many activations, when its convolutions are cheap and its channels many. "Small" is not a
# property of a network: it is a property of a network *and* a column.
#
# ### What is not in the table
#
# Before two rows are compared, one has to know what else differs between them. Chapter 7 saw a recipe bring as much as an
# idea. A card keeps the whole recipe, so we can ask.

# %% tags=["nbval-ignore-output"] id="recipes"
def different(records):
    return sorted(key for key in records[0] if len({str(record[key]) for record in records}) > 1)


print("recipes differ in:", ", ".join(different([card.recipe for card in cards])))
print("epochs           :", sorted({len(card.epochs) for card in cards}))
print("training images  :", sorted({card.train_images for card in cards}))
print("seeds per network:", sorted({len(card.seeds) for card in cards}))

# %% [markdown] id="recipes-read"
# Where only name, network and settings differ, the rows are a fair comparison *of networks under this recipe*. Read the
# epochs and the seeds as well. After few epochs the table favours what learns fast, and with one seed a row is one throw
# of a die. Both would stay invisible if only the accuracies were printed, as they are in most tables.
#
# And a recipe that is fair to all is still one recipe. It was tuned for somebody: a learning rate that suits ResNet-20
# need not suit a network without batch norm. What a table shows is never "network A is better" but "A was better here".
#
# ## How sure is one number?
#
# The test set is a sample. Had somebody photographed ten thousand other shirts and shoes, the accuracy would be another.
# For an accuracy $p$ on $N$ images the **standard error** is $\sqrt{p(1-p)/N}$.
#
# **Predict.** For 93 % and 10,000 images: is it about 0.02, 0.25 or 2.5 percentage points?

# %% id="standard-error"
for p in (0.5, 0.9, 0.93, 0.97):
    errors = (f"{math.sqrt(p * (1 - p) / N):7.2%}" for N in (100, 1_000, 10_000, 50_000))
    print(f"accuracy {p:.0%}: standard error with 100, 1,000, 10,000, 50,000 images", *errors)

# %% [markdown] id="standard-error-read"
# About a quarter of a point, so two rows of a table that lie half a point apart seem to be undecided. But that is too
# pessimistic: both networks saw the **same** images, and they stumble over the same ones. What both get wrong, and what
# both get right, says nothing about their difference. Count for each image $d = 1$ if only the first is right, $-1$ if
# only the second is, else 0. Then
#
# $$\text{difference} = \bar d, \qquad \text{standard error} = \sqrt{\left(\overline{d^2} - \bar d^{\,2}\right)/N}.$$
#
# This is the paired comparison that `zoo.compare` makes, and McNemar's test asks the same of the images on which the two
# disagree: were both networks equally good, each of those would be the toss of a coin.
#
# **Predict.** Neighbours in the table share most of their errors. By which factor is the paired error smaller?

# %% tags=["nbval-ignore-output"] id="paired"
print(f"{'neighbours in the table':54s} difference   as if apart   paired   p (McNemar)")
for a, b in itertools.pairwise(cards):
    pair = zoo.compare(a.name, b.name)
    apart = math.hypot(a.standard_error, b.standard_error)
    print(f"{short(a.name) + ', ' + short(b.name):54s} {pair.difference:9.2%}", end="")
    print(f" {apart:12.2%} {pair.standard_error:9.2%} {pair.p_value:11.2g}")


# %% [markdown] id="paired-read"
# Pairing nearly halves the error (0.36 to 0.19 in the first line), at no cost. It is why the zoo keeps every network's predictions, and why a paper that
# publishes them lets others check its claims.
#
# Two warnings. With $k$ networks there are $k(k-1)/2$ pairs, and at the usual level one of twenty pairs of *equal*
# networks looks different. And a small $p$ says that these two sets of weights differ, no more. Whether the two
# *architectures* differ is the next question.
#
# ## The same network twice
#
# Every training begins with random weights and takes the images in a random order. We train one tiny network five times,
# all that differs being the seed. It is the fixed, short training of this chapter's capstone: 200 steps of 64 images,
# tested on 5,000.
#
# **Predict.** Sampling is no issue here: the test images are the same each time. How far will the best and the worst of
# five be apart?

# %% tags=["nbval-ignore-output"] id="seeds"
def tiny():
    return nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, kernel_size=3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 7 * 7, 10),
    )


accuracies = [capstone.trial(tiny, seed).accuracy for seed in range(5)]
spread = statistics.stdev(accuracies)
sampling = math.sqrt(accuracies[0] * (1 - accuracies[0]) / capstone.TEST_IMAGES)
print("accuracies                  ", *(f"{accuracy:.1%}" for accuracy in accuracies))
print(f"standard deviation of seeds  {spread:.2%}")
print(f"best less worst              {max(accuracies) - min(accuracies):.2%}")
print(f"standard error of the sample {sampling:.2%}")

# %% [markdown] id="seeds-read"
# Nothing was changed, and the accuracies differ. These are two different errors:
#
# - the **sample's**: other test images would give another number. More test images shrink it, more seeds do not;
# - the **seed's**: another training would give another network. More seeds tell how large it is, more test images do not.
#
# A claim about an architecture needs both: several seeds of each, on the same images, and the spread beside the mean. The
# networks of our zoo have the number of seeds that their cards say. Where it is one, a difference as small as the spread
# of seeds is no finding, whatever McNemar's test says about the two sets of weights. (Other networks, and other lengths
# of training, have another spread. How large it is, only seeds can tell.)
#
# ### The best of many
#
# There is a third error, made by the reader. Suppose twenty networks are *exactly* equally good, with a true accuracy of
# 93 %, and each is tested on 10,000 images of its own.
#
# **Predict.** What is the accuracy of the best of the twenty?

# %% id="winner"
chance = random.Random(0)
error = math.sqrt(0.93 * 0.07 / 10_000)
for networks in (1, 2, 5, 20, 100):
    best = [max(chance.gauss(0.93, error) for _ in range(networks)) for _ in range(2_000)]
    print(f"best of {networks:3} equal networks: {statistics.mean(best):.2%} on average")


# %% [markdown] id="winner-read"
# The winner is better than itself. This is the **winner's curse**: choosing by a noisy number chooses the noise as well,
# and a second test disappoints. It holds for the best of many learning rates, of many seeds, and of many papers. The cure
# is to choose on one set of images and to report another. Fashion-MNIST's test set has been chosen on by everybody for
# years, us included.
#
# ## Accuracy has a price
#
# Which network is best, then? Nobody asks that. One asks what accuracy can be had *for how much*. A network is on the
# **Pareto front** if no other is at least as accurate and at most as costly, and better in one of the two. All others are
# no sensible choice, as far as these two columns go.

# %% tags=["nbval-ignore-output"] id="front"
def beats(a, b, cost):
    return a.right >= b.right and cost(a) <= cost(b) and (a.right > b.right or cost(a) < cost(b))


def front(cards, cost):
    kept = [b for b in cards if not any(beats(a, b, cost) for a in cards)]
    return sorted(kept, key=cost)


costs = {
    "parameters": lambda card: card.parameters,
    "MACs": lambda card: card.macs,
    "activations": lambda card: maps[card.name],
}
for column, cost in costs.items():
    print(f"{column:12s}", ", ".join(short(card.name) for card in front(cards, cost)))

# %% [markdown] id="front-predict"
# Each column has a front of its own. And membership is decided by accuracies that we have just learned to distrust.
#
# **Predict.** If the 10,000 test images had been others, how many of the names on the front would stay?
#
# We cannot take other images, but we can draw 10,000 from these *with replacement*, again and again, and see how often
# each network is on the front. This is the bootstrap. All networks get the same draw, so the pairing is kept.

# %% tags=["nbval-ignore-output"] id="front-bootstrap"
labels = data.FashionMNIST().val.labels
right = torch.stack([zoo.predictions(card.name) == labels for card in cards]).double()
torch.manual_seed(0)
rounds = 400
weights = torch.stack(
    [torch.randint(10_000, (10_000,)).bincount(minlength=10_000) for _ in range(rounds)]
)
redrawn = right @ weights.double().T  # (networks, rounds): right answers in each draw

macs = torch.tensor([float(card.macs) for card in cards])
cheaper = (macs[:, None] < macs[None, :])[..., None]  # does a cost less than b?
as_cheap = (macs[:, None] <= macs[None, :])[..., None]
better = redrawn[:, None] > redrawn[None, :]
as_good = redrawn[:, None] >= redrawn[None, :]
beaten = (as_good & as_cheap & (better | cheaper)).any(dim=0)
on_front = (~beaten).double().mean(dim=1)
for card, share in sorted(
    zip(cards, on_front.tolist(), strict=True), key=lambda pair: pair[0].macs
):
    print(f"{short(card.name):28s} {card.macs:11,} MACs, on the front in {share:6.1%} of the draws")

# %% tags=["nbval-ignore-output"] id="front-figure"
fig, ax = figures.axes(size=(7.2, 3.8))
best = front(cards, costs["MACs"])
ax.step(
    [card.macs / 1e6 for card in best] + [1.08 * max(card.macs for card in cards) / 1e6],
    [100 * card.accuracy for card in best] + [100 * best[-1].accuracy],
    where="post",
    color=figures.COLOURS[1],
    label="front",
)
ordered = sorted(cards, key=lambda card: (card not in best, card.macs, card.accuracy))
columns = Counter()
for number, card in enumerate(ordered, 1):
    y, error = 100 * card.accuracy, 100 * card.standard_error
    colour = figures.COLOURS[1] if card in best else figures.COLOURS[2]
    mark = "o" if card in best else "s"
    place = columns[round(card.macs / 1e6)]  # those of equal cost a little apart
    columns[round(card.macs / 1e6)] += 1
    x = card.macs / 1e6 + 0.8 * ((place + 1) // 2) * (-1) ** place
    ax.errorbar(x, y, yerr=error, fmt=mark, color=colour, capsize=2, lw=1)
    ax.annotate(
        str(number),
        (x, y + error),
        (0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )
ax.set(xlabel="MACs for one image, millions", ylabel="test accuracy, %")
key = "\n".join(f"{number:2} {short(card.name)}" for number, card in enumerate(ordered, 1))
ax.text(1.02, 1.0, key, transform=ax.transAxes, fontsize=8, va="top")
ax.legend(frameon=False, loc="lower right")
figures.show(
    fig,
    alt="Scatter plot of the zoo's networks, accuracy against MACs, each with a bar of one standard error. A stepped line, the "
    "Pareto front, joins the networks that no other beats. Several bars off the front reach up to it.",
)

# %% [markdown] id="front-read"
# Circles are on the front, squares are not; bars are one standard error, of one seed. (Points of equal cost are drawn a
# little apart.) A square whose bar touches the step was not beaten by much. The table of draws says the same in numbers:
# a network on the front in half of the draws is there by luck, and one at 0 % has been beaten soundly. One place is
# cheaply held: whoever alone has the fewest MACs is on the front, however bad.
#
# The explorer has the same picture with other columns, the cards, the learning curves, and the images on which two
# networks disagree. Choose two neighbours of the table and look at the images: would you have known?

# %% tags=["nbval-ignore-output"] id="explorer"
explorers.ZooExplorer("macs")

# %% [markdown] id="latency"
# ## The clock is another column
#
# Chapter 9 found equal MACs and unequal times. Which of the counted columns predicts the clock best? We time all networks
# on one image, in turns, and correlate ranks: 1 means that a column sorts the networks just as the clock does, 0 that it
# knows nothing.
#
# **Predict**, and write it down: `"parameters"`, `"MACs"` or `"activations"`.

# %% id="latency-note"
predictions.note("the column that knows most about time", "?")


# %% tags=["nbval-ignore-output"] id="latency-clock"
def ranks(values):
    order = sorted(values)
    return [order.index(value) + (order.count(value) - 1) / 2 for value in values]


def rank_correlation(a, b):
    return statistics.correlation(ranks(a), ranks(b))


times = zoo_latency.measure([card.name for card in cards], rounds=9, seconds=5)["ratios"]
clock = [times[card.name] for card in cards]
found = {name: rank_correlation(list(map(cost, cards)), clock) for name, cost in costs.items()}
for name, value in found.items():
    print(f"{name:12s} {value:6.2f}")
predictions.compare("the column that knows most about time", max(found, key=found.get))
for card in sorted(cards, key=lambda card: times[card.name]):
    print(f"{short(card.name):28s} {times[card.name]:5.2f} times the fastest")

# %% [markdown] id="latency-read"
# Your machine's answer counts, and so few networks give a rough one. RegNet's authors found on their graphics cards that
# the time of a step goes with the activations rather than with the MACs, since there the memory is the bottleneck. On a
# processor with one image at a time there is a fourth quantity that no column has: the *number of layers*. Each costs
# something to start, however little it computes, and a deep, thin network pays that over and over.
#
# So: count to understand, time to decide, on the device that it is for.
#
# ## Designing a space instead of a network
#
# So far we compared networks. Each was somebody's best, found by trying; so the table also compares how long everybody
# tried. Radosavovic and others proposed to compare **design spaces** instead: say what may vary, draw networks at random,
# train them all briefly, and look at the *distribution* of their errors. A space is good if a network drawn from it
# blindly is good.
#
# Their first space, **AnyNet**, leaves nearly everything open: each stage has its own depth, width, bottleneck ratio and
# group width. Then they took away freedom step by step: one bottleneck ratio for all stages (B), one group width (C),
# widths that do not shrink (D), depths that do not shrink (E).
#
# **Predict.** Of networks drawn from AnyNet at random, which part meets all four constraints?

# %% id="spaces"
drawn = [draws.stages("anynet", number) for number in range(200)]
left = drawn
print(f"AnyNet A          {len(left):4} of {len(drawn)} drawn")
for name, holds in design_space.CONSTRAINTS.items():
    left = [stages for stages in left if holds(stages)]
    print(f"and {name}: {holds.__name__:24s}{len(left):4}")
print("one of them:")
for stage in drawn[0]:
    print("  ", stage)

# %% [markdown] id="spaces-read"
# The first constraint leaves a small part, and all four together none of the 200. Yet in the paper the constraints B and C
# cost no accuracy, and D and E improved the distribution: most of the freedom was good for nothing. The last step asks
# what good networks that are left look like, and finds that their widths grow along a line. That is **RegNet**:
#
# $$u_j = w_0 + w_a\, j, \qquad s_j = \operatorname{round}\!\left(\log_{w_m} (u_j / w_0)\right), \qquad w_j = w_0\, w_m^{\,s_j}, \text{ rounded to a multiple of } 8.$$
#
# The line gives every block a width of its own. Rounding the *exponent* moves neighbours onto the same width, and so
# blocks fall into stages by themselves: nobody says how many. Here are the numbers of the course's small RegNet,
# `cifar_regnetx`.

# %% id="widths"
depth, w_0, w_a, w_m = 10, 32, 12, 2.0
line = [w_0 + w_a * j for j in range(depth)]
powers = [round(math.log(u / w_0) / math.log(w_m)) for u in line]
widths = [8 * round(w_0 * w_m**s / 8) for s in powers]
print("line  ", line)
print("powers", powers)
print("widths", widths)
print("as the package has it:", widths == design_space.quantised_linear(depth, w_0, w_a, w_m))
for stage in design_space.regnet_stages(depth, w_0, w_a, w_m, group_width=8):
    print("  ", stage)

# %% id="widths-figure"
fig, panels = figures.axes(1, 2, size=(3.9, 3.0))
settings = ((10, 32, 12, 2.0), (13, 24, 36.44, 2.49))
for ax, title, numbers in zip(panels, ("cifar_regnetx", "regnetx_002"), settings, strict=True):
    depth, w_0, w_a, w_m = numbers
    blocks = range(depth)
    ax.plot(blocks, [w_0 + w_a * j for j in blocks], "--", label="line", color=figures.COLOURS[2])
    widths = design_space.quantised_linear(*numbers)
    ax.plot(blocks, widths, "o", label="width of the block", color=figures.COLOURS[1])
    ax.set(title=title, xlabel="block", ylim=(0, None))
panels[0].set_ylabel("channels")
panels[0].legend(frameon=False)
figures.show(
    fig,
    alt="Widths of two RegNets by block, cifar_regnetx and regnetx_002. A dashed straight line rises from block to block; "
    "the dots lie on a few levels near it, a stair with longer steps where the widths are larger.",
)

# %% [markdown] id="study"
# ### A distribution of errors
#
# Now the experiment, in a size that a laptop can repeat. A hundred networks each were drawn from AnyNet and from RegNet, all of 6
# to 12 million MACs on 28 x 28 pixels, and each was trained **very** briefly: one pass over 6,000 images, shrunk to 14 x
# 14. The results lie in a file of the package; `d2l-ext train design_spaces_small` makes them anew, in a few
# seconds a network.
#
# The picture for this is the **empirical distribution function**: for every error $e$, the share of networks whose error
# is at most $e$. Further left is better, and the whole curve counts: the left end are lucky finds, the middle is the
# typical network.
#
# **Predict.** Which curve lies further left? And do the curves cross?

# %% id="study-edf"
study = zoo.study("design_spaces_small")
errors = {space: study.errors(space=space) for space in ("anynet", "regnet")}
print("trained on  :", "; ".join(study.hardware))
print(
    "recipe      :", study.train_images, "images,", study.recipe["epochs"], "epoch, seed", end=" "
)
print(*sorted({run.seed for run in study.runs}))
for space, values in errors.items():
    print(f"{space}: {len(values)} networks, errors from {min(values):.1%}", end="")
    print(f" over {statistics.median(values):.1%} to {max(values):.1%}")


# %% id="study-figure"
def edf(values, x):
    return sum(value <= x for value in values) / len(values)


def band(values, places, rounds=400):
    # Between which heights the curve lies in nine of ten bootstrap samples.
    chance = random.Random(0)
    samples = [chance.choices(values, k=len(values)) for _ in range(rounds)]
    heights = [sorted(edf(sample, x) for sample in samples) for x in places]
    return [[h[rounds // 20] for h in heights], [h[-rounds // 20] for h in heights]]


low, high = min(map(min, errors.values())), max(map(max, errors.values()))
places = [low + (high - low) * i / 120 for i in range(-4, 125)]
fig, ax = figures.axes(size=(6.4, 3.6))
for (space, values), colour, line in zip(
    errors.items(), figures.COLOURS[2:0:-1], ("--", "-"), strict=True
):
    percent = [100 * x for x in places]
    ax.fill_between(percent, *band(values, places), color=colour, alpha=0.18, lw=0, step="post")
    label = {"anynet": "AnyNet", "regnet": "RegNet"}[space]
    heights = [edf(values, x) for x in places]
    ax.step(percent, heights, line, color=colour, label=label, where="post")
ax.set(xlabel="test error, %", ylabel="share of networks at most so bad", ylim=(0, 1.02))
ax.legend(frameon=False, loc="lower right")
figures.show(
    fig,
    alt="Two rising staircase curves, the share of networks against the test error: AnyNet dashed, RegNet solid, each with "
    "a shaded band of its bootstrap samples. Where the bands overlap the sample does not tell the spaces apart.",
)


# %% [markdown] id="study-test"
# RegNet's lies further left, and in this sample the curves do not cross.
#
# A band shows where the curve lies in nine of ten bootstrap samples: the fewer networks, the wider it is. One number for two
# whole curves is their largest vertical distance, the **Kolmogorov-Smirnov distance**. How large would it be if the two
# spaces were the same? Then the labels AnyNet and RegNet would mean nothing, and could be dealt out anew at random. We do
# that two thousand times, first for the first ten networks of each space alone, then for thirty, then for all.
#
# **Predict.** From how many networks on can you tell the two spaces apart?

# %% id="study-ks"
def distance(a, b):
    # The largest vertical distance of two empirical distribution functions.
    a, b = sorted(a), sorted(b)
    return max(abs(bisect_right(a, x) / len(a) - bisect_right(b, x) / len(b)) for x in a + b)


chance = random.Random(0)
for n in (10, 30, 100):
    a, b = errors["anynet"][:n], errors["regnet"][:n]
    observed, pool, dealt = distance(a, b), a + b, []
    for _ in range(2_000):
        chance.shuffle(pool)
        dealt.append(distance(pool[:n], pool[n:]))
    print(f"the first {n:3} of each: largest distance {observed:.2f};", end=" ")
    print(f"one dealing in twenty exceeds {sorted(dealt)[int(0.95 * len(dealt))]:.2f};", end=" ")
    print(f"as large or larger in {sum(d >= observed - 1e-9 for d in dealt) / len(dealt):.1%}")


# %% [markdown] id="study-read"
# Compare the first two numbers of a line. Only if the observed distance exceeds what one random dealing in twenty exceeds
# would you, at the usual level, call the curves different. The distance itself hardly depends on the number of networks;
# what chance can do shrinks as their number grows. Ten are too few here, thirty are enough, and with all of them the answer is clear: RegNet's rules take away networks
# that were bad. (Whoever stops at the first significant line, and goes on drawing otherwise, has cheated a little: the
# number of draws belongs decided beforehand, as it was here.)
#
# What it does *not* show: these networks were trained for less than a hundred steps, on images of a quarter
# of the pixels, from one seed each, with one learning rate for all. A space that learns fast wins here; the paper trains
# for ten epochs of ImageNet and draws hundreds of networks. The budget in MACs is the same for all, within a factor of
# two; parameters, activations and times are not. And the two samplers are ours: "AnyNet" means the ranges in
# `d2l_ext/training/draws.py`, and with other ranges the curve would move.
#
# Note what made the question answerable at all: nobody chose a network. The left ends of the two curves are the winners
# of two lotteries, and the one with more tickets wins more. The middles can be compared.

# %% [markdown] id="curse"
# ### The best of the study, once more
#
# The file has one seed for each network. Take its best and its worst network and train both anew, with another seed.
#
# **Predict.** Does the gap between them grow, stay, or shrink?

# %% tags=["nbval-ignore-output"] id="curse-train"
def train_again(run, seed):
    # The study's own recipe, from another seed; the trainer leaves its record in a folder.
    # A training that diverges is as good as guessing: nine of ten wrong.
    recipe = next(recipe for recipe in read_recipes(study.name) if recipe.name == run.name)
    with tempfile.TemporaryDirectory() as folder:
        try:
            train_run(recipe, seed, Path(folder), torch.device("cpu"))
        except training.TrainingError:
            return 0.9
        record = json.loads((Path(folder) / f"{run.name}-s{seed}" / "result.json").read_text())
    return 1 - record["accuracy"]


ordered = sorted(study.runs, key=lambda run: -run.right)
for word, run in (("best", ordered[0]), ("worst", ordered[-1])):
    before = 1 - run.right / study.test_images
    print(f"{word:5s} {run.name:18s} error {before:.1%}, with another seed", end=" ")
    print(f"{train_again(run, seed=1):.1%}")


# %% [markdown] id="curse-read"
# Look at where the two errors went. The best was chosen because it was good *and* lucky, the worst because it was bad
# *and* unlucky, and luck does not repeat: on average both move towards the middle. How far is a matter of how much luck
# there was. If the worst stays bad, something in its design is; if the best stays ahead, you may have found something.
# Two trainings are an illustration and no proof: one pair may move the other way.

# %% [markdown] id="choose"
# ## Choosing
#
# Put together, a choice takes three lines: forget what you cannot afford, take the most accurate of what is left, and
# then look whether something much cheaper is as accurate within the error.

# %% tags=["nbval-ignore-output"] id="choose-device"
def choose(cards, cost, limit):
    affordable = [card for card in cards if cost(card) <= limit]
    best = max(affordable, key=lambda card: card.right)
    equals = [best]
    for card in affordable:
        pair = zoo.compare(best.name, card.name)
        if card is not best and pair.difference < 2 * pair.standard_error:
            equals.append(card)
    return best, min(equals, key=cost)


def limit_of(cost, share):
    # The limit that so large a share of the zoo's networks keeps.
    values = sorted(map(cost, cards))
    return values[max(0, math.ceil(share * len(values)) - 1)]


devices = {
    "phone: MACs, for the battery": (costs["MACs"], 0.3),
    "phone: parameters, for the download": (costs["parameters"], 0.5),
    "laptop: time on this machine": (lambda card: times[card.name], 0.6),
    "benchmark: nothing but accuracy": (costs["MACs"], 1.0),
}
for device, (cost, share) in devices.items():
    best, thrifty = choose(cards, cost, limit_of(cost, share))
    print(f"{device:36s} best {short(best.name):26s} as good, cheaper:", end=" ")
    print("-" if thrifty is best else short(thrifty.name))


# %% [markdown] id="choose-read"
# "As good" means: within two paired standard errors, one seed each. The limits here are shares of our own zoo; yours come
# from a device.
#
# - **A phone** has a battery and a download. MACs (energy goes with them and with memory traffic) and parameters count; so does whether its library has fast depthwise and grouped convolutions. MobileNet, ShuffleNet v2 and their descendants were made for this. Measure on the phone.
# - **A laptop** or a server with one image at a time: the clock counts, and then the number of layers and the fusions of chapter 9. Plain, wide, few layers: a ResNet is hard to beat.
# - **A graphics card with large batches**: activations and traffic. ResNeXt and RegNet do well; depthwise convolutions keep the hardware waiting.
# - **A benchmark** asks for accuracy alone. Then take what was trained longest with the best recipe, and say so in the caption.
# - **Your own small data set**: take a network trained on much other data, whichever your tools have, and spend the time on the data.
#
# And if two are equal within the error, take the simpler one. You will have to explain it.
#
# ## The capstone
#
# Now it is your turn. The exercise asks for a network of at most 20,000 parameters and 500,000 MACs that learns
# Fashion-MNIST in 200 steps. Everything but the network is fixed, in `d2l_ext/capstone.py`: read it, it is short. Here is
# the bar that it has to jump: a linear network, and one with a hidden layer.
#
# **Predict.** How much better than a linear network is the tiny convolutional one from above?

# %% tags=["nbval-ignore-output"] id="capstone-baselines"
def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def hidden():
    return nn.Sequential(
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 10)
    )


for build in (linear, hidden, tiny):
    found = capstone.trial(build)
    print(f"{build.__name__:8s} {found.parameters:7,} parameters {found.macs:8,} MACs", end="")
    print(f"  {found.accuracy:.1%}")
print(f"budget   {capstone.PARAMETERS:7,} parameters {capstone.MACS:8,} MACs")

# %% [markdown] id="capstone-read"
# With 200 steps nothing is trained to the end, so this budget rewards what learns *fast*: batch norm, short ways for the
# gradient, a head that needs not much training. It is another competition than that of the zoo's table, and may have
# another winner. Keep a note of how many designs you tried: you are about to choose the best of many (see above).
#
# Ideas that you have by now: a stride in the first layer; separable or grouped 3x3s and dense 1x1s; a shuffle where all
# is grouped; residual or concatenated features; a gate for a few parameters; average pooling before the head, or not.
#
# ## Summary
#
# - A table's columns disagree about who is small. Parameters: memory of the weights. MACs: arithmetic. Activations: traffic, and memory in training. Time: the device.
# - Two rows may be compared when all else is equal: data, recipe, epochs, size of the images. A card tells, most tables do not.
# - Errors: the sample's, $\sqrt{p(1-p)/N}$, a quarter of a point here; a pair's, much smaller, since both fail on the same images; the seed's, which only seeds show; and the winner's, from choosing the best of many.
# - The Pareto front has the networks that no other beats. It depends on the column, and its members are only as sure as the accuracies.
# - A design space is judged by the distribution of its networks' errors. AnyNet's constraints take freedom away that was good for little; RegNet's widths follow a line, rounded in the exponent.
# - Two distributions from few networks need a band or a test before they differ.

# %% [markdown] id="recall"
# ## Recall
#
# Answer first, then unfold.
#
# 1. Two networks have 92.0 % and 92.6 % on the same 10,000 images. Is the second one better?
#
# <details><summary>Answer</summary>
# Count the images on which they disagree. If there are 300, the paired error is about 0.17 points, and the weights differ clearly; if there are 1,500, it is 0.39, and they may not. And the architecture: not from one seed each.
# </details>
#
# 2. Which error do more seeds not shrink?
#
# <details><summary>Answer</summary>
# That of the test set, which is the same for all of them.
# </details>
#
# 3. A colleague tries 50 learning rates and reports the best test accuracy. What should the report say instead?
#
# <details><summary>Answer</summary>
# The accuracy on images that the choice has not seen. The best of 50 is too good on the images that chose it.
# </details>
#
# 4. A network is beaten in MACs and in parameters by the same other network of higher accuracy. May it still be on a front?
#
# <details><summary>Answer</summary>
# Yes, in another column: activations, or time.
# </details>
#
# 5. Why does a RegNet round the exponent and not the width?
#
# <details><summary>Answer</summary>
# So that neighbouring blocks fall on the same few widths, each a fixed factor wider than the one before: the stages.
# </details>
#
# 6. The curves of two spaces cross in the middle. Which space is better?
#
# <details><summary>Answer</summary>
# It depends on what you do: one draw, or many draws of which you keep the best. The left end counts for the second.
# </details>

# %% [markdown] id="reading"
# ## Where to read on
#
# - Radosavovic, Kosaraju, Girshick, He, Dollár (2020), *Designing network design spaces*: https://arxiv.org/abs/2003.13678. Section 3 has AnyNet to
#   RegNet, section 4 the activations and the time.
# - Radosavovic, Johnson, Xie, Lo, Dollár (2019), *On network design spaces for visual recognition*: https://arxiv.org/abs/1905.13214. Why distributions.
# - Dietterich (1998), *Approximate statistical tests for comparing supervised classification learning algorithms*:
#   https://doi.org/10.1162/089976698300017197. McNemar's test, and others that mislead.
# - Bouthillier and others (2021), *Accounting for variance in machine learning benchmarks*: https://arxiv.org/abs/2103.03098.
# - Recht, Roelofs, Schmidt, Shankar (2019), *Do ImageNet classifiers generalize to ImageNet?*: https://arxiv.org/abs/1902.10811. A second test set, collected anew.
# - Dehghani and others (2021), *The efficiency misnomer*: https://arxiv.org/abs/2110.12894. Columns that disagree.
# - Wightman, Touvron, Jégou (2021), *ResNet strikes back*: https://arxiv.org/abs/2110.00476. One network, three recipes.
# - The book has AnyNet and RegNet in [section 8.8](https://d2l.ai/chapter_convolutional-modern/cnn-design.html).
#
# Now try [exercise 10](../exercises/10_model_zoo.ipynb), which ends with the capstone. [Chapter 11](11_errata.ipynb)
# looks back at the sources of this course, and at where they disagree.
