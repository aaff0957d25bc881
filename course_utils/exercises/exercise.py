"""One entry for each exercise: what is right, which mistakes people make, and how both are told.

`Exercise` says how an entry is written. The entries stand in ``lesson_NN.py``, each as
``check_N_M``; a lesson calls it with the reader's answer. The same entry is the test's bank:
`authoring.workshop.exercises` hands each check its own right and wrong answers.
"""

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from course_utils.exercises.feedback import respond


class Several(tuple):
    """Wrong answers that share one sentence, or calls of one kind: ``Several((first, second))``."""

    __slots__ = ()


@dataclass(frozen=True)
class Exercise:
    """An exercise with its answer, its mistakes and its check: call it with the reader's answer.

    A function is called with the arguments in `calls`, and its results are compared with those of
    the `reference`. Where they differ, the mistake that gives the same results names itself;
    otherwise the reader sees the call, the result and what was expected. A value is compared with
    the `reference`. A choice gets the explanation of the chosen letter. Everything else brings its
    own `judge`.

    Attributes
    ----------
    number : str
        Such as ``'3.6'``; the entry is called ``check_3_6``.
    reference : object
        The right function, value or letter; the right answer for the `judge`.
    praise : str
        What the reader should take away from the right answer.
    calls : list of tuple, or dict of str to tuple
        Arguments with which the function is called. The keys of a dict say what is special about a
        call whose arguments are too large to be shown, such as ``'a mask with label 2'``.
    mistakes : dict of str to object
        The sentence that names a mistake, and an answer with that mistake (`Several`, if there are
        more). In a tuple ``...`` stands for a part that may be anything. With a `judge`, the key
        may be a part of what the judge says.
    choices : dict of str to str
        For each wrong letter why it is wrong.
    judge : callable, optional
        Takes the answer; returns what is wrong with it, or None.
    look : callable, optional
        Takes each result before it is compared; returns what is wrong with its kind, or None.
    view : callable, optional
        Applied to all results before the comparison, such as ``np.sort``.
    tolerance : float
        Accepted absolute difference, beside a relative one of a millionth.
    dtype : data type, optional
        What the results have to be made of.
    keeps_inputs : bool
        Refuse a function that changes its arguments.
    other_right, other_wrong : list
        More answers for the test: written in another way, or wrong without a sentence of their own.
    given : dict of str to object
        What the lesson's solution cell uses of earlier cells.

    Examples
    --------
    >>> check_0_0 = Exercise(
    ...     "0.0",
    ...     lambda rows, columns: rows * columns,
    ...     calls=[(2, 3), (4, 5)],
    ...     mistakes={"You added the sides; multiply them.": lambda rows, columns: rows + columns},
    ... )
    >>> check_0_0(lambda rows, columns: columns * rows)
    ✓ Exercise 0.0: correct.
    >>> check_0_0(lambda rows, columns: sum([rows, columns]))
    ✗ Exercise 0.0: not yet. You added the sides; multiply them.
    >>> def pixels(rows, columns):
    ...     return rows * columns + 1
    >>> check_0_0(pixels)
    ✗ Exercise 0.0: not yet. `pixels(2, 3)` gave 7, expected 6.
    """

    number: str
    reference: object
    praise: str = ""
    calls: Sequence | Mapping = ()
    mistakes: Mapping = field(default_factory=dict)
    choices: Mapping = field(default_factory=dict)
    judge: Callable | None = None
    look: Callable = lambda result: None
    view: Callable = lambda result: result
    tolerance: float = 1e-4
    dtype: object = None
    keeps_inputs: bool = False
    other_right: Sequence = ()
    other_wrong: Sequence = ()
    given: Mapping = field(default_factory=dict)

    def __call__(self, answer):
        """Return `Feedback` for an answer."""
        return respond(self.number, self._complaint_about, answer, self.praise)

    def _complaint_about(self, answer):
        if self.judge:
            return self.judge(answer)
        if self.choices:
            return _judge_choice(answer, self.reference, self.choices)
        if not self.calls:
            return self._problem_of(answer) or self._compare([answer], answer)
        if not callable(answer):
            kind = type(answer).__name__
            return f"Your answer is a {kind}; give the function itself, without calling it."
        results = []
        for arguments in self._arguments():
            before = copy.deepcopy(arguments)
            try:
                result = answer(*arguments)
            except Exception as error:
                results.append(error)
                break
            if self.keeps_inputs and not _agree(arguments, before, 0):
                return "Your function changes its input. Work on a copy: `a + b`, not `a += b`."
            complaint = self._problem_of(result)
            if complaint:
                return complaint
            results.append(result)
        return self._compare(results, answer)

    def _problem_of(self, result):
        if result is None:
            return "Your result is None. Did you forget `return`, or print instead of returning?"
        return self.look(result)

    def _arguments(self):
        calls = self.calls.values() if isinstance(self.calls, Mapping) else self.calls
        return copy.deepcopy(list(calls))

    def _compare(self, results, answer):
        """Return the sentence of the mistake that gives these results, or the first difference."""
        got, expected = [self._seen(result) for result in results], self._results_of(self.reference)
        wrong = [not self._same(*pair) for pair in zip(got, expected, strict=False)]
        if not any(wrong):
            return self._complaint_about_dtype(results)
        first, on_first = wrong.index(True), None
        for sentence, answers in self.mistakes.items():
            for mistake in answers if isinstance(answers, Several) else [answers]:
                mistaken = self._results_of(mistake)
                same = [self._same(*pair) for pair in zip(got, mistaken, strict=False)]
                if all(same) and not isinstance(got[0], Exception):
                    return sentence
                if same[first : first + 1] == [True] and not isinstance(got[first], Exception):
                    on_first = on_first or sentence
        if isinstance(got[first], Exception):
            raise got[first]
        if not all(wrong) and all(self._same(one, got[0]) for one in got):
            return "Your function returns the same for every call: use its arguments."
        if on_first:
            return on_first
        if not self.calls:
            return _describe_value(got[0], expected[0])
        return _describe(got[first], expected[first], self._words_for(first, answer))

    def _seen(self, result):
        return result if isinstance(result, Exception) else self.view(result)

    def _same(self, got, expected):
        return _agree(got, expected, self.tolerance)

    def _results_of(self, answer):
        """Return what an answer of the entry gives for each call, up to its first exception."""
        if not (self.calls and callable(answer)):
            return [self._seen(answer)]
        results = []
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for arguments in self._arguments():
                try:
                    results.append(self._seen(answer(*arguments)))
                except Exception as error:
                    return [*results, error]
        return results

    def _complaint_about_dtype(self, results):
        for result in results if self.dtype else []:
            kind = np.asarray(result).dtype
            if kind != self.dtype:
                return f"The values are right; their type is {kind}, not {np.dtype(self.dtype)}."
        return None

    def _words_for(self, index, answer):
        name = getattr(answer, "__name__", "<")
        name = "your function" if name.startswith("<") else name
        if isinstance(self.calls, Mapping):
            return f"For {list(self.calls)[index]}, `{name}`"
        shown = ", ".join(map(_shown, self._arguments()[index]))
        return f"`{name}({shown})`"


def _judge_choice(answer, right, explanations):
    letter = answer.strip(" ().*").lower() if isinstance(answer, str) else None
    if letter == right:
        return None
    letters = ", ".join(sorted([right, *explanations]))
    unknown = f'Your answer is {answer!r}. Choose one of: {letters}, in quotes, such as "a".'
    return explanations.get(letter, unknown)


def _numbers(value):
    """Return a value as float64, or None if it is not made of numbers."""
    try:
        array = np.asarray(value)
        return array.astype(np.float64) if array.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        return None


def _agree(got, expected, tolerance):
    """Tell whether two results are the same; ``...`` on the right agrees with everything."""
    if expected is ...:
        return True
    if isinstance(expected, Exception) or isinstance(got, Exception):
        return type(got) is type(expected)
    if isinstance(expected, str):
        return isinstance(got, str) and got.strip().lower() == expected.lower()
    if isinstance(expected, tuple):
        parts = list(got) if isinstance(got, (tuple, list)) or np.ndim(got) else []
        return len(parts) == len(expected) and all(
            _agree(*pair, tolerance) for pair in zip(parts, expected, strict=True)
        )
    if callable(expected):
        return got is expected
    got, expected = _numbers(got), _numbers(expected)
    if got is None or expected is None or got.shape != expected.shape:
        return False
    return np.allclose(got, expected, rtol=1e-6, atol=tolerance, equal_nan=True)


def _shown(value):
    """Write an argument or a result as a reader would type it, if it is small."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, (tuple, list)) and _numbers(value) is None:
        return f"({', '.join(map(_shown, value))})"
    if callable(value):
        return getattr(value, "__name__", "…")
    array = _numbers(value)
    if array is None:
        return f"{value!r:.60}"
    if array.ndim == 0:
        return (
            f"{array:,.0f}" if array == np.round(array) and abs(array) < 1e15 else f"{array:,.6g}"
        )
    if array.size > 12:
        return f"<{' × '.join(map(str, array.shape))} numbers>"
    if array.ndim == 1:
        inside = ", ".join(map(_shown, np.asarray(value, dtype=np.float64)))
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    return f"[{', '.join(map(_shown, list(array)))}]"


def _describe(got, expected, call):
    """Say what a call gave and what was expected."""
    if isinstance(expected, str):
        return f"{call} gave {_shown(got)}, expected {_shown(expected)}."
    wanted, numbers = _numbers(expected), _numbers(got)
    if wanted is None:
        if not isinstance(got, (tuple, list)) or len(got) != len(expected):
            return f"{call} gave a {type(got).__name__}, expected {len(expected)} results."
        pairs = enumerate(zip(got, expected, strict=True), start=1)
        part = next(n for n, pair in pairs if not _agree(*pair, 1e-4))
        return _describe(got[part - 1], expected[part - 1], f"{call}, result {part},")
    if numbers is None:
        return f"{call} gave a {type(got).__name__}; it should be made of numbers."
    if numbers.shape != wanted.shape:
        return f"{call} gave shape {numbers.shape}, expected shape {wanted.shape}."
    if not np.isfinite(numbers).all():
        return f"{call} gave NaN or infinite values."
    if wanted.size <= 6:
        return f"{call} gave {_shown(got)}, expected {_shown(expected)}."
    where = _largest_difference(numbers, wanted)
    index = ", ".join(map(str, where))
    return f"{call} gave {_shown(numbers[where])} at [{index}], expected {_shown(wanted[where])}."


def _describe_value(got, expected):
    """Say what an answer is, without giving the right one away."""
    numbers, wanted = _numbers(got), _numbers(expected)
    if numbers is None:
        return f"Your answer is a {type(got).__name__}, and it should be made of numbers."
    if numbers.shape != wanted.shape:
        return f"Your answer has shape {numbers.shape}, and it should have shape {wanted.shape}."
    if numbers.ndim == 0:
        return f"Your answer is {_shown(numbers)}, and that is not the expected value."
    where = _largest_difference(numbers, wanted)
    index = ", ".join(map(str, where))
    return f"Your answer is not right at [{index}], where it is {_shown(numbers[where])}."


def _largest_difference(got, expected):
    distance = np.nan_to_num(np.abs(got - expected), nan=np.inf)
    return tuple(int(i) for i in np.unravel_index(np.argmax(distance), got.shape))
