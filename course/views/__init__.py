"""The pictures: boards of plain data (`board`), made for the browser (`widget`), for pages without a kernel (`player`).

A new picture is a small module that makes a `Board`; `graph_board` makes one of a computation. Nothing here imports a widget or
torch before a picture is shown.
"""
