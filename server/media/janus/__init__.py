"""The engine for many rooms: Janus nodes on other machines, driven over their WebSocket API.

Browsers never see it, they only exchange packets with it. `engine` is what the server holds; `node` is one
Janus (`address`) and the line to it (`session`); `placing` decides which node a new room goes to, `home` is
where it stands; `room`, `seat`, `publishing` and `viewing` are people and their two connections; `figures`
reads what Janus counts; `folder` writes the configuration that a node needs, `probe` tries one.
"""
