# The simulator as a container: `docker run -p 8765:8765 -e KIBO_SIMULATOR_CONTROL_TOKEN=… IMAGE`.
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY simulator simulator
COPY client client
COPY scenarios scenarios
RUN python -m venv /opt/kibo \
    && /opt/kibo/bin/pip install --no-cache-dir --constraint constraints.txt '.[uvloop,tls]'

FROM python:3.13-slim
COPY --from=build /opt/kibo /opt/kibo
RUN useradd --system --uid 10001 --home-dir /data --create-home kibo
USER 10001
WORKDIR /data
VOLUME /data
ENV PATH=/opt/kibo/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8765
# Beyond this container only the API is open: without KIBO_SIMULATOR_CONTROL_TOKEN the control plane answers to loopback alone.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["kibo-simulator", "ctl", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kibo-simulator"]
CMD ["serve", "--host", "0.0.0.0"]
