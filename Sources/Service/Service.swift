// room: Service
