"""Shell text as a tree: where its statements end, and every command in it. Nothing of it is run."""

from console.guides.shell.script import Command, Comment, Expansion, Redirect, Script, Statement, Word
from console.guides.shell.tree import parse

__all__ = ["Command", "Comment", "Expansion", "Redirect", "Script", "Statement", "Word", "parse"]
