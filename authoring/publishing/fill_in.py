"""Fill values into the syntax tree of a function, and leave out what they decide."""

import ast
import copy


class Fill(ast.NodeTransformer):
    """Replace names by syntax trees, except where a function inside has an argument so named."""

    def __init__(self, known):
        self.known = known

    def visit_Name(self, node):
        """Replace a known name."""
        replaced = isinstance(node.ctx, ast.Load) and node.id in self.known
        return copy.deepcopy(self.known[node.id]) if replaced else node

    def _visit_function(self, node):
        node.args = self.visit(node.args)
        own = {argument.arg for argument in node.args.args}
        inner = Fill({name: tree for name, tree in self.known.items() if name not in own})
        body = node.body if isinstance(node.body, list) else [node.body]
        changed = [inner.visit(part) for part in body]
        node.body = changed if isinstance(node.body, list) else changed[0]
        return node

    visit_Lambda = visit_FunctionDef = _visit_function


class Simplify(ast.NodeTransformer):
    """Decide what is known once names are filled in: what is left out, what is called in place."""

    def visit_Call(self, node):
        """Write what a small function says in the place where it is called."""
        self.generic_visit(node)
        inner, given = node.func, node.args
        if isinstance(inner, ast.Lambda) and not node.keywords:
            names = [argument.arg for argument in inner.args.args]
            used = [part.id for part in ast.walk(inner.body) if isinstance(part, ast.Name)]
            if len(names) == len(given) and all(
                isinstance(value, ast.Name) or used.count(name) < 2
                for name, value in zip(names, given, strict=True)
            ):
                filled = Fill(dict(zip(names, given, strict=True))).visit(inner.body)
                return self.visit(filled)
        return self._known_call(node) or node

    def _known_call(self, node):
        node.args = _spliced(node.args)
        if [keyword.arg for keyword in node.keywords] == [None]:
            values = node.keywords[0].value
            if isinstance(values, ast.Dict) and all(
                isinstance(k, ast.Constant) for k in values.keys
            ):
                pairs = zip(values.keys, values.values, strict=True)
                node.keywords = [ast.keyword(key.value, value) for key, value in pairs]
        called = ast.unparse(node.func)
        if called == "callable" and isinstance(node.args[0], (ast.Constant, ast.UnaryOp)):
            return ast.Constant(False)
        if called == "getattr" and isinstance(node.args[1], ast.Constant):
            return ast.Attribute(node.args[0], node.args[1].value, ast.Load())
        if called.endswith(".get") and isinstance(node.func.value, ast.Dict):
            keys = [getattr(key, "value", None) for key in node.func.value.keys]
            wanted = getattr(node.args[0], "value", None)
            found = dict(zip(keys, node.func.value.values, strict=True))
            return found.get(wanted, node.args[-1])
        return None

    def visit_JoinedStr(self, node):
        """Write a text whose parts are known."""
        self.generic_visit(node)
        parts = [getattr(part, "value", None) for part in node.values]
        parts = [getattr(part, "value", part) for part in parts]
        known = all(isinstance(part, str) for part in parts)
        return ast.Constant("".join(parts)) if known else node

    def visit_List(self, node):
        """Write out parts that are lists themselves."""
        self.generic_visit(node)
        node.elts = _spliced(node.elts)
        return node

    visit_Tuple = visit_List

    def visit_ImportFrom(self, node):
        """Leave out imports: a lesson has its own."""
        return None

    def visit_Subscript(self, node):
        """Take one part of a list that is written out."""
        self.generic_visit(node)
        if isinstance(node.value, (ast.List, ast.Tuple)) and isinstance(node.slice, ast.Constant):
            return node.value.elts[node.slice.value]
        return node

    def visit_Compare(self, node):
        """Decide a comparison of two constants."""
        self.generic_visit(node)
        try:
            return ast.Constant(bool(_value_of(node)))
        except (ValueError, TypeError):
            return node

    def visit_BoolOp(self, node):
        """Leave out what does not decide."""
        self.generic_visit(node)
        stops = isinstance(node.op, ast.Or)
        left = []
        for value in node.values:
            if _truth(value) is not (not stops):
                left.append(value)
            if _truth(value) is stops:
                break
        if not left:
            return node.values[-1]
        return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)

    def visit_IfExp(self, node):
        """Keep the branch that is taken."""
        self.generic_visit(node)
        if _truth(node.test) is not None:
            return node.body if _truth(node.test) else node.orelse
        return node.body if ast.unparse(node.body) == ast.unparse(node.orelse) else node

    def visit_If(self, node):
        """Keep the branch that is taken."""
        self.generic_visit(node)
        if _truth(node.test) is not None:
            return node.body if _truth(node.test) else node.orelse
        return node


def _truth(node):
    """Return whether a syntax tree counts as true, or None if that is not known."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return bool(node.elts)
    if isinstance(node, ast.Dict):
        return bool(node.keys)
    return True if isinstance(node, ast.Lambda) else None


def _spliced(parts):
    """Write out the parts of ``*(a, b)``."""
    found = []
    for part in parts:
        inside = isinstance(part, ast.Starred) and getattr(part.value, "elts", None)
        found += inside if isinstance(inside, list) else [part]
    return found


def _value_of(node):
    """Return what a comparison of constants is; others raise a ValueError."""
    left, right = ast.literal_eval(node.left), ast.literal_eval(node.comparators[0])
    compare = {
        ast.In: lambda: left in right,
        ast.NotIn: lambda: left not in right,
        ast.Eq: lambda: left == right,
        ast.NotEq: lambda: left != right,
        ast.Is: lambda: left is right,
        ast.IsNot: lambda: left is not right,
        ast.Lt: lambda: left < right,
        ast.Gt: lambda: left > right,
    }
    if len(node.ops) > 1 or type(node.ops[0]) not in compare:
        raise ValueError("no simple comparison")
    return compare[type(node.ops[0])]()
