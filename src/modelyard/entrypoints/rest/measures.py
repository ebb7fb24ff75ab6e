"""What /metrics shows: requests by route and status, engines, open items, work."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Measures:
    """The instruments of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "modelyard_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "modelyard_request_seconds", "Time to answer.", ["method", "route"], registry=self._registry
        )
        self._engines = Gauge("modelyard_engines_ready", "Engines that are ready.", registry=self._registry)
        self._open_items = Gauge("modelyard_items_open", "Items of jobs that wait or run.", registry=self._registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def render(self, *, engines: int, open_items: int) -> bytes:
        """The text that Prometheus reads."""
        self._engines.set(engines)
        self._open_items.set(open_items)
        return generate_latest(self._registry)
