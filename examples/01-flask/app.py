"""A web application that says who it is: behind a load balancer, that shows who was asked."""

import os
import socket

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return f"Hello from {os.environ.get('APP_NAME') or socket.gethostname()}\n"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
